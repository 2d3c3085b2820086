"""What is done otherwise for many records gives what it gives for few."""

import pandas as pd

from identity import features
from identity.features import build_features, read_records


def test_two_processes_normalise_as_one_does(monkeypatch):
    records = read_records(
        pd.DataFrame(
            {
                "record_id": [f"erp:{n}" for n in range(40)],
                "source": "erp",
                "name": [f"Müller & Söhne {n} GmbH" for n in range(40)],
                "street": [f"Hauptstr. {n}" for n in range(40)],
                "phone": [f"0711 / 98765-{n}" for n in range(40)],
                "country": "DE",
            }
        )
    )
    alone = build_features(records)
    monkeypatch.setattr(features, "MANY", 1)
    pd.testing.assert_frame_equal(build_features(records), alone)
