"""Which identity provider identifies residents, and which one logs in staff."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from chassis import Settings
from services.portal.identity.domain import LEVELS, TEST_LEVELS, PersonClaims, StaffClaims
from services.portal.practice.people import NON_DISCLOSURE as CLAIM

STAND_IN = "/practice/idp"
"""Where the practice installation's own provider answers."""

C = TypeVar("C", bound="OidcSettings")


class OidcSettings(BaseSettings):
    """One relationship with an OpenID Connect provider."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    issuer: str = ""
    """Issuer identifier, exactly as in the provider's metadata. Empty: the stand-in of the practice installation."""
    client_id: str = ""
    key_file: Path | None = None
    """JWK set with our private keys: one with "use": "sig", one with "use": "enc" when ID tokens are encrypted."""
    scopes: str = "openid"
    acr_values: str = ""
    """Levels of assurance that are enough, separated by spaces; also asked for. Empty: the provider decides."""
    service_name: str = ""
    """How the provider's page names this service (ftn_spname of the Finnish Trust Network); empty: not sent."""
    signed_request: bool = True
    """Send the request as a signed object (JAR, RFC 9101); the Finnish Trust Network demands it."""
    encrypted: bool = True
    """ID tokens come encrypted to our key; one that does not is refused."""
    authorization_endpoint: str = ""
    """Endpoints, when the provider has no discovery document. All or none."""
    token_endpoint: str = ""
    jwks_uri: str = ""
    provider_jwks_file: Path | None = None
    """The provider's public keys as agreed beforehand (static JWK set); empty: fetched from jwks_uri."""
    timeout_seconds: float = Field(default=10.0, gt=0, le=60)

    @property
    def levels(self) -> frozenset[str]:
        """The allow-list of levels of assurance."""
        return frozenset(self.acr_values.split())

    @property
    def endpoints(self) -> tuple[str, str, str]:
        """Configured endpoints: authorization, token, keys."""
        return self.authorization_endpoint, self.token_endpoint, self.jwks_uri


class ResidentOidc(OidcSettings):
    """Strong identification of residents. The claim names are the Finnish Trust Network's."""

    model_config = SettingsConfigDict(env_prefix="PORTAL_OIDC_", frozen=True, extra="ignore")

    acr_values: str = " ".join(LEVELS)
    claim_personal_identity_code: str = "urn:oid:1.2.246.21"
    claim_family_name: str = "urn:oid:2.5.4.4"
    claim_given_names: str = "urn:oid:1.2.246.575.1.14"
    claim_birth_date: str = "urn:oid:1.3.6.1.5.5.7.9.1"
    claim_non_disclosure: str = ""
    """Claim that says whether the person is under non-disclosure (turvakielto, rule 9). Empty: there is none."""

    @property
    def claims(self) -> PersonClaims:
        """What the provider calls the claims."""
        return PersonClaims(
            self.claim_personal_identity_code,
            self.claim_family_name,
            self.claim_given_names,
            self.claim_birth_date,
            self.claim_non_disclosure,
        )


class StaffOidc(OidcSettings):
    """Login of staff with the county's own directory."""

    model_config = SettingsConfigDict(env_prefix="PORTAL_STAFF_OIDC_", frozen=True, extra="ignore")

    scopes: str = "openid profile"
    signed_request: bool = False
    encrypted: bool = False
    claim_therapist_id: str = "therapist_id"
    """A UUID; where the claim is missing, the subject must be one."""
    claim_name: str = "name"
    """How the member of staff is called in the chat."""
    claim_areas: str = "areas"
    """Two-digit codes of the counties served: a list, or text separated by spaces or commas."""
    claim_profession: str = "profession"
    """What the member of staff is licensed as: a list, or text separated by spaces or commas."""
    licensed_professions: str = "physiotherapist"
    """Values of that claim that let somebody assess, separated by spaces; nobody else closes one (rule 13)."""

    @property
    def claims(self) -> StaffClaims:
        """What the provider calls the claims."""
        return StaffClaims(self.claim_therapist_id, self.claim_name, self.claim_areas, self.claim_profession)

    @property
    def licensed(self) -> frozenset[str]:
        """Professions that may assess."""
        return frozenset(self.licensed_professions.split())


def configured(oidc: C, settings: Settings, name: str) -> C:
    """The relationship as it will be used: in practice, what is not given is filled in for the stand-in provider.

    Args:
        oidc: as read from the environment.
        settings: of the installation.
        name: "resident" or "staff"; names the client and its key file.

    Raises:
        ValueError: production has no provider, a stand-in, test levels, or a plain-text address.
    """
    if not settings.practice:
        _must_be_real(oidc, settings)
        return oidc
    levels = oidc.acr_values and " ".join([oidc.acr_values, *TEST_LEVELS])
    said = {"claim_non_disclosure": oidc.claim_non_disclosure or CLAIM} if isinstance(oidc, ResidentOidc) else {}
    filled = {
        "issuer": oidc.issuer or settings.base_url + STAND_IN,
        "client_id": oidc.client_id or f"digiterapia-{name}",
        "key_file": oidc.key_file or settings.keys_dir / f"portal-oidc-{name}.jwks",
        "acr_values": levels,
        **said,
    }
    return oidc.model_copy(update=filled)


def _must_be_real(oidc: OidcSettings, settings: Settings) -> None:
    prefix = type(oidc).model_config["env_prefix"]
    missing = [name for name in ("issuer", "client_id", "key_file") if not getattr(oidc, name)]
    if missing:
        raise ValueError("production needs " + ", ".join(prefix + name.upper() for name in missing))
    if STAND_IN in oidc.issuer or urlsplit(oidc.issuer).netloc == urlsplit(settings.base_url).netloc:
        raise ValueError(f"{prefix}ISSUER is the stand-in provider of practice: production needs a real one")
    plain = [url for url in (oidc.issuer, *oidc.endpoints) if url and not url.startswith("https://")]
    if plain:
        raise ValueError(f"{prefix}ISSUER and endpoints must begin with https://")
    if oidc.levels & set(TEST_LEVELS):
        raise ValueError(f"{prefix}ACR_VALUES has a test level, which anybody reaches")
    if isinstance(oidc, ResidentOidc) and (not oidc.levels or not oidc.levels <= set(LEVELS)):
        raise ValueError(f"{prefix}ACR_VALUES must name known levels of strong identification")
