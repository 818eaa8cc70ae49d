"""What XARF v4 requires beside the URL, for each type of link. In its own words."""

from collections.abc import Mapping
from typing import TypeAlias

from attrs import frozen

from sc.model.xarf import LinkType


@frozen
class Choice:
    """One of these words."""

    words: tuple[str, ...]


@frozen
class Choices:
    """One or more of these words."""

    words: tuple[str, ...]


@frozen
class Site:
    """A URL."""


@frozen
class Time:
    """RFC 3339."""

    example: str = "2026-01-31T12:00:00Z"


Rule: TypeAlias = Choice | Choices | Site | Time


def _words(text: str) -> tuple[str, ...]:
    return (*text.split(), "other")


DETAILS: Mapping[LinkType, Mapping[str, Rule]] = {
    LinkType.PHISHING: {},
    LinkType.MALWARE: {},
    LinkType.FRAUD: {
        "fraud_type": Choice(
            _words(
                "investment romance tech_support lottery advance_fee cryptocurrency"
                " shopping charity employment government_impersonation"
            )
        )
    },
    LinkType.EXPOSED_DATA: {
        "data_types": Choices(
            _words(
                "personal_information credentials financial medical government_id"
                " email_addresses phone_numbers api_keys database_dumps source_code"
                " internal_documents customer_data employee_data intellectual_property"
            )
        ),
        "exposure_method": Choice(
            _words(
                "misconfigured_server open_directory database_exposure git_repository"
                " backup_file log_file cloud_storage paste_site forum_post"
                " ransomware_leak intentional_leak"
            )
        ),
    },
    LinkType.BRAND_INFRINGEMENT: {
        "infringement_type": Choice(
            _words(
                "counterfeit typosquatting lookalike homograph unauthorized_reseller"
                " trademark_violation brand_impersonation logo_misuse"
            )
        ),
        "legitimate_site": Site(),
    },
    LinkType.REMOTE_COMPROMISE: {
        "compromise_type": Choice(
            _words(
                "webshell backdoor defacement malicious_redirect seo_spam cryptominer"
                " phishing_kit malware_host c2_server proxy scanner"
            )
        )
    },
    LinkType.SUSPICIOUS_REGISTRATION: {
        "registration_date": Time(),
        "suspicious_indicators": Choices(
            _words(
                "typosquatting homograph_attack brand_keyword suspicious_tld"
                " bulk_registration privacy_protection suspicious_registrant fast_flux"
                " dga_pattern known_bad_nameserver suspicious_ssl_cert"
                " immediate_activation parked_page"
            )
        ),
    },
}
