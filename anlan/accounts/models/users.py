"""People. Phone and ID number are encrypted; blind indexes find them."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.functional import cached_property

from anlan.accounts.models.posts import Post
from anlan.lib.codes import mask_id, mask_phone
from anlan.lib.crypto import blind_index
from anlan.lib.fields import EncryptedTextField
from anlan.lib.prepared import Prepared


def phone_index(phone: str) -> str:
    """Return the blind index of a normalised phone number."""
    return blind_index("user.phone", phone)


def id_index(number: str) -> str:
    """Return the blind index of a normalised ID number."""
    return blind_index("user.id_number", number)


_open_posts: Prepared[Post] = Prepared(
    lambda user: Post.objects.open().filter(user=user).select_related("role", "organisation").order_by("id"),
    user=models.BigIntegerField(),
)  # asked on every page, and never remembered: a post that is withdrawn ends at once


_person: Prepared[User] = Prepared(lambda pk: User.objects.filter(pk=pk), pk=models.BigIntegerField())


class UserQuerySet(models.QuerySet["User"]):
    """Reads over people."""

    def visible_to(self, user: User) -> UserQuerySet:
        """Return oneself and whoever holds a post inside the scope of the user's present post."""
        held = Post.objects.open().visible_to(user).filter(user_id=OuterRef("pk"))
        return self.filter(Q(pk=user.pk) | Exists(held))


class UserManager(BaseUserManager["User"]):
    """Looks people up by what they know of themselves."""

    def get_queryset(self) -> UserQuerySet:
        """Return people with the reads of `UserQuerySet`."""
        return UserQuerySet(self.model, using=self._db)

    def get(self, *args: Any, **kwargs: Any) -> User:
        """Return the one person meant; `get(pk=…)`, asked for whoever is signed in on every page, by SQL made once."""
        if type(self) is not UserManager or args or kwargs.keys() != {"pk"} or not isinstance(kwargs["pk"], int):
            return self.get_queryset().get(*args, **kwargs)
        found = _person.first(pk=kwargs["pk"])
        if found is None:
            raise self.model.DoesNotExist
        return found

    def visible_to(self, user: User) -> UserQuerySet:
        """Return oneself and whoever holds a post inside the scope of the user's present post."""
        return self.get_queryset().visible_to(user)

    def create_user(
        self, *, name: str, phone: str = "", id_number: str = "", password: str | None = None, **extra: Any
    ) -> User:
        """Create a person; without a password sign-in is by code."""
        user = self.model(name=name, **extra)
        user.set_phone(phone)
        user.set_id_number(id_number)
        user.set_password(password) if password else user.set_unusable_password()
        user.save(using=self._db)
        return user

    def by_phone(self, phone: str) -> User | None:
        """Return the person with this normalised phone number, if any."""
        return self.filter(phone_index=phone_index(phone)).first()


class User(AbstractBaseUser):
    """A person, who may hold several posts. `user.post` is the one they act in now."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=60)
    phone = EncryptedTextField(blank=True)
    phone_index = models.CharField(max_length=32, null=True, blank=True, unique=True)
    phone_verified = models.BooleanField(default=False)
    id_number = EncryptedTextField(blank=True)
    id_index = models.CharField(max_length=32, null=True, blank=True, unique=True)
    is_active = models.BooleanField(default=True)
    is_demo = models.BooleanField(default=False)
    language = models.CharField(max_length=8, blank=True)
    elder = models.BooleanField(default=False)
    last_post = models.ForeignKey(Post, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "uid"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]
    objects = UserManager()

    def __str__(self) -> str:
        return self.name

    def set_phone(self, phone: str) -> None:
        """Set a normalised phone number and its index together."""
        self.phone = phone
        self.phone_index = phone_index(phone) if phone else None

    def set_id_number(self, number: str) -> None:
        """Set a normalised ID number and its index together."""
        self.id_number = number
        self.id_index = id_index(number) if number else None

    @property
    def phone_masked(self) -> str:
        """138****0417."""
        return mask_phone(self.phone)

    @property
    def id_masked(self) -> str:
        """4101**********0417."""
        return mask_id(self.id_number)

    @cached_property
    def open_posts(self) -> list[Post]:
        """The posts held now, with role and organisation, in the order granted."""
        return _open_posts.rows(user=self.pk) if self.pk else []

    @cached_property
    def post(self) -> Post | None:
        """The post that the person acts in: the one chosen last, else the first held. Assign to act in another."""
        chosen = [p for p in self.open_posts if p.pk == self.last_post_id]
        return chosen[0] if chosen else (self.open_posts[0] if self.open_posts else None)

    def forget_posts(self) -> None:
        """Read the posts again when next asked. A method, since `request.user` is a proxy with a `__dict__` of its own."""
        for name in ("open_posts", "post"):
            self.__dict__.pop(name, None)

    def may(self, power: str) -> bool:
        """Whether the present post carries this power."""
        return self.is_active and self.post is not None and power in self.post.role.powers

    def belongs_to(self, *organisations: int | None) -> bool:
        """Whether any post of this person lies in one of these organisations, whichever post they act in: not impartial."""
        return any(post.organisation_id and post.organisation_id in organisations for post in self.open_posts)

    def may_reveal(self, by: User) -> bool:
        """Whether `by` may see this person's full numbers: oneself, or SEE_SENSITIVE with this person in scope."""
        if by.pk == self.pk:
            return True
        return by.may("see_sensitive") and type(self).objects.visible_to(by).filter(pk=self.pk).exists()
