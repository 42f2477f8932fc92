from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("hazards", "0002_device_vault"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="hazard",
            index=models.Index(fields=["region_code", "-id"], name="hazards_by_place"),
        ),
    ]
