"""Invented people, firms and facts, so that every page of a demo has something to show."""


def lay_demo() -> None:
    """Lay everything in order. Safe to run again: what is there stays as it is."""
    from anlan.accounts.actions import install_roles
    from anlan.operations.demo.agencies import lay_agencies
    from anlan.operations.demo.cast import lay_cast
    from anlan.operations.demo.certificates import lay_certificates
    from anlan.operations.demo.classes import lay_classes
    from anlan.operations.demo.content import lay_content
    from anlan.operations.demo.courses import lay_courses
    from anlan.operations.demo.enterprises import lay_enterprises
    from anlan.operations.demo.exams import lay_exams
    from anlan.operations.demo.files import lay_files
    from anlan.operations.demo.films import lay_films
    from anlan.operations.demo.firms import lay_firms
    from anlan.operations.demo.grids import lay_grids
    from anlan.operations.demo.hazards import lay_hazards
    from anlan.operations.demo.inspections import lay_inspections
    from anlan.operations.demo.law import lay_amendments, lay_law
    from anlan.operations.demo.learning import lay_learning
    from anlan.operations.demo.ledgers import lay_ledgers
    from anlan.operations.demo.letters import lay_letters
    from anlan.operations.demo.notices import lay_notices
    from anlan.operations.demo.patrol import lay_patrol
    from anlan.operations.demo.performance import lay_performance
    from anlan.operations.demo.policy import lay_policy
    from anlan.operations.demo.province import lay_province
    from anlan.operations.demo.search import lay_search
    from anlan.operations.demo.selfcheck import lay_selfcheck
    from anlan.supervision.recount import swap

    install_roles()
    cast = lay_cast(outsiders=True)
    for lay in (
        lay_enterprises, lay_courses, lay_classes, lay_learning, lay_exams, lay_certificates, lay_province, lay_firms, lay_files,
        lay_grids, lay_agencies, lay_ledgers, lay_hazards, lay_inspections, lay_patrol, lay_policy, lay_performance,
        lay_law, lay_content, lay_films, lay_amendments, lay_selfcheck, lay_letters, lay_search, lay_notices,
    ):  # fmt: skip
        lay(cast)
    swap()
