"""The intake service, seen whole."""

from __future__ import annotations

from chassis import Service, Settings
from contracts.areas import load_areas
from services.intake import answers, handlers, jobs, models
from services.intake.falls.ruleset import load_fall_rules
from services.intake.identity.vault import Vault, open_vault
from services.intake.settings import IntakeSettings
from services.intake.triage.finding import Finders
from services.intake.triage.questionnaire import load_questionnaires


def build(settings: Settings) -> Service:
    """Intake, put together.

    Effects: in practice, makes a key of the identity vault (mode 0600) when there is none.

    Raises:
        VaultError: production without keys of the vault.
        QuestionnaireError: a questionnaire file does not make sense.
        FallRulesError: a file of fall rules does not, or a county names a rule it does not have.
    """
    own, areas = IntakeSettings(), load_areas(settings.areas_dir, practice=settings.always_open)
    questionnaires = load_questionnaires(own.questionnaires_dir)
    return Service(
        name="intake",
        settings=settings,
        handlers=handlers.on,
        answers=answers.answers,
        jobs=jobs.jobs,
        tables=models.IntakeTable.metadata,
        provides=[
            settings,
            areas,
            own,
            questionnaires,
            Finders(questionnaires),
            load_fall_rules(own.fall_rules_dir, areas),
            vault_of(settings, own),
        ],
    )


def vault_of(settings: Settings, own: IntakeSettings) -> Vault:
    """The identity vault of an installation; practice makes its key when there is none."""
    return open_vault(own, practice_file=settings.keys_dir / "intake-vault.keys" if settings.practice else None)
