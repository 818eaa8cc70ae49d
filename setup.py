"""Packaging of sc: metadata, dependencies, extras and the twistd plugin."""

from itertools import chain
from pathlib import Path

from setuptools import find_packages, setup

TESTS = [
    "authres>=1.2",  # dkimpy seals with it
    "coverage[toml]>=7.6",
    "hypothesis>=6.100",
    "import-linter>=2.1",
    "mypy>=1.14",
    "mypy-zope>=1.0.9",
    "playwright>=1.50",
    "pytest>=8.3",
    "pytest-cov>=6",
    "pytest-randomly>=3.16",
    "pytest-rerunfailures>=15",
    "pytest-twisted>=1.14.3",
    "ruff>=0.9",
    "trustme>=1.2.1",
    "types-PyYAML",
    "xarf>=1.0.0",
]

EXTRAS = {
    "command": ["google-re2>=1.1"],  # patterns of command scanners
    "postgresql": ["psycopg[binary]>=3.2"],  # LGPL; the wheel brings libpq
    "pdf": ["pypdf>=6"],
    "qr": ["Pillow>=11", "zxing-cpp>=2.3"],
}

setup(
    name="sc",
    version="0.1.0",
    description="One mail daemon that scans messages and reports abuse",
    long_description=Path(__file__).with_name("README.md").read_text("utf-8"),
    long_description_content_type="text/markdown",
    license="MIT",
    python_requires=">=3.11",
    # An explicit package_dir makes `pip install -e .` write a plain .pth file;
    # the default import hook hides twisted/plugins from twistd.
    package_dir={"": "."},
    packages=[*find_packages(include=["sc", "sc.*"]), "twisted.plugins"],
    package_data={"sc": ["data/*", "web/*", "py.typed"]},
    install_requires=[
        "ada-url>=1.15",
        "attrs>=24.2",
        "cryptography>=43",
        "dkimpy[ed25519]>=1.1.8",
        "h11>=0.16",
        "klein>=24.8",
        "pyOpenSSL>=24.3",
        "prometheus-client>=0.21",
        "publicsuffixlist>=1.0.2",
        "PyYAML>=6.0.2",
        "service-identity>=24.2",
        "treq>=24.9.1",
        "Twisted[tls]>=25.5",
        "Werkzeug>=3.0",
        "zope.interface>=7.0",
    ],
    extras_require={**EXTRAS, "test": [*TESTS, *chain.from_iterable(EXTRAS.values())]},
    entry_points={"console_scripts": ["scctl=sc.cli.scctl:main"]},
    zip_safe=False,
)
