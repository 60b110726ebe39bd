"""The texts of `scan --export` looked through by Presidio's recognisers that are made of patterns and
check digits, those for types that we know too. No language model is used.

    python scan.py <folder with the texts> [--quick]

Prints one JSON object, shaped like that of the `scan` program.
"""

import json
import logging
import statistics
import sys
import time
from importlib.metadata import version
from pathlib import Path

logging.disable(logging.CRITICAL)

from presidio_analyzer import predefined_recognizers as known  # noqa: E402

folder = Path(sys.argv[1])
rounds = 1 if "--quick" in sys.argv else 3
NAMES = """CreditCard Crypto Email Iban Ip MacAddress UsSsn UsItin AbaRouting Nhs UkNino EsNie EsNif
ItFiscalCode DeTaxId PlPesel InAadhaar InPan CaSin AuTfn AuAbn AuMedicare SePersonnummer
FiPersonalIdentityCode SgFin TrNationalId UsPassport""".split()
recognisers = [getattr(known, name + "Recognizer")() for name in NAMES]
NOTE = f"{len(recognisers)} recognisers of patterns, spans and check digits; personal data only"


def everything(text):
    found = 0
    for one in recognisers:
        found += len(one.analyze(text, one.supported_entities, None) or [])
    return found


groups = []
for path in sorted(folder.glob("scan_*.txt")):
    text = path.read_text(encoding="utf-8")
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        everything(text)
        times.append((time.perf_counter() - start) * 1e9)
    times.sort()
    row = {
        "name": "Presidio, Python",
        "note": NOTE,
        "median": statistics.median(times),
        "p10": times[0],
        "p90": times[-1],
        "ratio": 1.0,
    }
    name = path.stem.removeprefix("scan_").replace("_", " ")
    groups.append({"name": f"scan {name}", "about": "Python", "rows": [row]})

python = ".".join(map(str, sys.version_info[:3]))
peer = f"Presidio {version('presidio-analyzer')} on Python {python}"
print(json.dumps({"groups": groups, "figures": {}, "version": peer}))
