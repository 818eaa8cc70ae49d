"""What a file's name tells whoever opens it, and what it hides from him."""

import re

_RUNS_WORDS = """
ade adp apk app appinstaller application appref-ms appx bas bat chm cmd com cpl
diagcab dll exe fxp gadget hlp hta img inf ins iso jar jnlp js jse ksh library-ms
lnk mde mdt mdw mdz msc msi msix msp mst msu ocx pcd pif prg ps1 psc1 psm1 pyz reg
scf scr sct search-ms settingcontent-ms shb shs sys udf udl url vb vbe vbs vhd
vhdx vxd webpnp website ws wsb wsc wsf wsh xbap xll xnk
"""
RUNS = frozenset(_RUNS_WORDS.split())
"""Extensions of what a double click runs, installs or mounts on some system."""

_HARMLESS_WORDS = """
avi bmp csv doc docx eml gif htm html jpeg jpg mov mp3 mp4 mpeg mpg msg odp ods
odt pdf png pps ppt pptx rtf tif tiff txt wav webp xls xlsx xml zip
"""
_HARMLESS = frozenset(_HARMLESS_WORDS.split())
"""What a name pretends to end in."""

# Explicit embeddings, overrides and isolates (Unicode 5.2): `cod<U+202E>fdp.exe` is
# shown as `codexe.pdf`.
_TURNS = re.compile("[\u202a-\u202e\u2066-\u2069]")

MAX_READ = 1024
"""Characters of a name that are read, from its end."""

MAX_NAME = 100
"""Characters of a name that are kept; a stranger chose them."""


def runs(name: str) -> bool:
    """A double click would not show it but run it."""
    return _extensions(name)[-1] in RUNS


def extension(name: str) -> str:
    """The last one, in lower case; "" without one."""
    return _extensions(name)[-1]


def harmless(name: str) -> bool:
    """It says that a double click only shows it; `library.so` says nothing."""
    return extension(name) in _HARMLESS


def doubled(name: str) -> bool:
    """`invoice.pdf.exe`: many systems show it without the last extension."""
    *others, last = _extensions(name)
    return last in RUNS and bool(others) and others[-1] in _HARMLESS


def turned(name: str) -> bool:
    """It is shown in another order than it is read."""
    return _TURNS.search(name) is not None


def printable(name: str) -> str:
    """Short, without what cannot be printed."""
    return "".join(c if c.isprintable() else "?" for c in name[:MAX_NAME])


def _extensions(name: str) -> list[str]:
    """In lower case, with what Windows cuts off cut off; [""] without one."""
    # RFC 2183 2.3: a name has no path; an archive's has one, of either kind.
    last = name[-MAX_READ:].replace("\\", "/").rpartition("/")[2]
    last = last.rstrip(" .\t\r\n\0")
    found = [word.strip(" _").lower() for word in last.split(".")[1:]]
    return found[-2:] or [""]
