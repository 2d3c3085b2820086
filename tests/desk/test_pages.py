"""The pages: what they show, what becomes of answers, and whom they refuse."""

from __future__ import annotations

import html
import json
import re

from desk.app import MAX_FORM
from desk.kept import take_kept
from proposals import hand_over
from tests.desk.conftest import EVIL, a_night

PAGES = ("/", "/customers", "/gaps", "/proposal?id={id}")
CHANGED = "hat sich seither geändert"
PAIR = json.dumps(["crm:7", "erp:1"])
INDUSTRY = json.dumps(["customers", "erp:1", "industry"])
EMPLOYEES = json.dumps(["customers", "erp:1", "employees"])


def keys(firm, state="open"):
    return [
        key for (key,) in firm.sql(
            "select proposal_id || ':' || sha256 from ops.proposal_states where state = ?"
            " order by customer_id", (state,),
        )
    ]  # fmt: skip


def say(client, decision, *chosen, **more):
    return client.post("/", data={"key": list(chosen), "decision": decision, **more})


def decisions(firm):
    return firm.sql(
        "select person, decision, reject_reason, comment, source from ops.releases order by all"
    )


def test_a_proposal_is_shown_with_text_reason_basis_and_expiry(client, firm):
    page = client.get("/").text
    for told in (
        "Dank an Firma C1", "Geliefert 02.03.2026", "C1@firma.example".lower(), "Danke, Firma C1",
        "Guten Tag, danke für AC10.", "Einwilligung vom 01.01.2025", "gilt bis 16.03.2026",
        "0 von 2 Freigaben", "stimmt nicht",
    ):  # fmt: skip
        assert told in page, told
    own = client.get(f"/proposal?id={firm.ids()[0]}").text
    assert "Danke, Firma C1" in own
    assert "Danke, Firma C2" not in own


def test_a_mail_is_shown_as_it_will_look_in_a_frame_that_may_do_nothing(client, firm):
    page = client.get(f"/proposal?id={firm.ids()[2]}").text
    assert "als Mail über das Mailing-Programm" in page
    (frame,) = re.findall("<iframe (.*?)></iframe>", page, re.DOTALL)
    assert frame.startswith("sandbox title="), "without any right"
    mail = html.unescape(re.search('srcdoc="(.*)"', frame, re.DOTALL)[1])
    assert "danke für AC30" in mail
    assert "<script" not in mail
    for loads in (" src=", "url(", "@import", "<link"):
        assert loads not in mail, loads
    firm.sql("update ops.proposals set channel = 'crm_task', email = null, subject = null")
    page = client.get(f"/proposal?id={firm.ids()[2]}").text
    assert "als Aufgabe im CRM" in page
    assert "<iframe" not in page


def test_two_people_release_and_it_goes_out(client, firm, who):
    told = say(client, "release", *keys(firm))
    assert "3 Antworten übernommen." in told.text
    assert "von Ihnen freigegeben; jemand anderes muss es auch noch tun" in told.text
    assert "1 von 2 Freigaben (Anna Berg)" in told.text
    assert hand_over(firm.settings).lists == []
    again = say(client, "release", *keys(firm))
    assert "Nichts Neues" in again.text  # Anna alone is not two
    who["name"] = "Ben Kurz"
    assert "eine Freigabe fehlt noch" in client.get("/").text
    assert "geht binnen einer Stunde hinaus" in say(client, "release", *keys(firm)).text
    assert decisions(firm) == [
        *[("Anna Berg", "release", None, None, "page")] * 3,
        *[("Ben Kurz", "release", None, None, "page")] * 3,
    ]
    assert len(hand_over(firm.settings).lists[0].proposals) == 3


def test_a_rejection_needs_a_reason_and_keeps_it(client, firm):
    chosen = keys(firm)[0]
    refused = say(client, "reject", chosen)
    assert refused.status_code == 400
    assert "Bitte sagen, warum" in refused.text
    assert decisions(firm) == []
    page = say(client, "reject", chosen, reason="bad_time", comment="kennt uns  lange")
    assert "1 Antwort übernommen." in page.text
    assert decisions(firm) == [("Anna Berg", "reject", "bad_time", "kennt uns lange", "page")]
    assert "ist kein Grund" in say(client, "reject", keys(firm)[0], reason="made_up").text


def test_what_cannot_be_taken_is_said_and_the_rest_is_taken(client, firm):
    old, second = keys(firm)[:2]
    firm.use(body={"de": "Ein anderer Text.", "en": "Another text."})
    from proposals import propose

    propose(firm.settings)
    page = say(client, "release", old, keys(firm)[1]).text
    assert "1 Antwort übernommen." in page
    assert CHANGED in page
    assert second not in keys(firm)


def test_who_may_not_release_is_told(client, firm):
    firm.rules(may_release=["Ben Kurz"])
    page = say(client, "release", keys(firm)[0]).text
    assert "Anna Berg darf nicht freigeben" in page
    assert decisions(firm) == []


def test_the_name_comes_from_the_login_and_cannot_be_typed(client, firm):
    say(client, "release", keys(firm)[0], person="Ben Kurz", name="Ben Kurz", by="Ben Kurz")
    assert [row[0] for row in decisions(firm)] == ["Anna Berg"]


def test_without_a_choice_nothing_happens(client, firm):
    for nothing in ({}, {"decision": "release"}, {"key": "x", "decision": "y"}):
        answer = client.post("/", data=nothing)
        assert answer.status_code == 400
        assert "Es war nichts gewählt" in answer.text
    assert decisions(firm) == []


def test_who_may_only_look_sees_no_button_and_is_refused(client, firm, who):
    who["may_decide"] = False
    for page in PAGES:
        shown = client.get(page.format(id=firm.ids()[0]))
        assert shown.status_code == 200
        assert "darf ansehen, nicht entscheiden" in shown.text
        assert 'class="yes"' not in shown.text
    for page in ("/", "/customers", "/gaps"):
        refused = client.post(page, data={"key": keys(firm)[0], "decision": "release",
                                          PAIR: "same", INDUSTRY: "Bau"})  # fmt: skip
        assert refused.status_code == 403, page
        assert "required actions" in refused.text
    assert decisions(firm) == []
    assert firm.sql("select count(*) from ops.identity_decisions") == [(0,)]
    assert firm.sql("select count(*) from ops.corrections") == [(0,)]


FOREIGN = (
    {"origin": "http://evil.example", "sec-fetch-site": "cross-site"},
    {"origin": "http://evil.example"},
    {"origin": "null"},
    {"origin": "http://testserver.evil.example"},
    {"origin": "http://testserver:81"},
    {"origin": ""},
    {"origin": "http://testserver", "sec-fetch-site": "same-site"},
)


def test_a_form_of_another_site_is_refused(client, firm):
    data = {"key": keys(firm), "decision": "release", PAIR: "same", INDUSTRY: "Bau"}
    client.headers.pop("sec-fetch-site")
    for headers in FOREIGN:
        for page in ("/", "/customers", "/gaps", "/read"):
            refused = client.post(page, data=data, headers=headers)
            assert refused.status_code == 403, (page, headers)
            assert "fremden Seite" in refused.text
    assert decisions(firm) == []
    assert firm.sql("select count(*) from ops.corrections") == [(0,)]


def test_behind_a_proxy_the_known_host_counts(firm, who, monkeypatch):
    from starlette.testclient import TestClient

    from desk.app import Person, make_app
    from tests.desk.conftest import set_up

    set_up(firm.settings, monkeypatch)
    app = make_app(lambda: Person(**who), "crm.firma.example")
    client = TestClient(app, headers={"origin": "https://crm.firma.example"})
    assert say(client, "release", keys(firm)[0]).status_code == 200
    client.headers["origin"] = "https://other.example"
    assert say(client, "release", keys(firm)[1]).status_code == 403


def test_more_than_a_page_holds_is_refused(client):
    assert client.post("/", data={"comment": "x" * MAX_FORM}).status_code == 413


def test_a_field_that_no_page_of_ours_wrote_is_refused(client, firm):
    for field in ("x", "[]", '["a"]', '["a","b",1]', '{"a":1}', '["a","b","c"'):
        assert client.post("/gaps", data={field: "Bau"}).status_code == 400, field
        assert client.post("/customers", data={field: "same"}).status_code == 400, field
    assert firm.sql("select count(*) from ops.corrections") == [(0,)]


def test_a_customers_name_stays_text_and_nothing_may_run(client, firm):
    pages = [client.get(page.format(id=firm.ids()[2])) for page in PAGES]
    for answer in (
        *pages, client.get(f"/?q={EVIL}"), client.get(f"/?use={EVIL}&state={EVIL}&page=9&all=1"),
        client.post("/gaps", data={EMPLOYEES: EVIL, "sheet": EVIL}),
    ):  # fmt: skip
        assert "<script" not in answer.text
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "form-action 'self'" in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] == "no-store"
    assert all("&lt;script&gt;" in page.text for page in pages)


def test_filter_search_and_ticking_all(client, firm):
    page = client.get("/?q=firma+c2").text
    assert "Dank an Firma C2" in page
    assert "Dank an Firma C1" not in page
    assert "Kein Vorschlag passt" in client.get("/?state=released").text
    assert page.count(" checked") == 0
    assert client.get("/?all=1").text.count(" checked") == 3


def test_ten_thousand_proposals_come_by_the_page(client, firm):
    firm.sql(
        "insert into ops.proposals by name select proposals.* exclude (proposal_id),"
        " 'P' || lpad(n::varchar, 12, '0') as proposal_id from ops.proposals,"
        " range(10000) as many(n) where customer_id = 'C1'"
    )
    first = client.get("/").text
    assert "10003 gefunden, Seite 1 von 101" in first
    assert first.count('type="checkbox"') == 100
    assert client.get("/?page=999").text.count('type="checkbox"') == 3
    assert len(first) < 500_000


def test_one_customer_or_two(client, firm):
    page = client.get("/customers").text
    for told in ("Antrieb Nord GmbH", "Ort gleich (+2,1)", "60 % Wahrscheinlichkeit"):
        assert told in page
    assert "Nichts Neues" in client.post("/customers", data={PAIR: ""}).text  # I don't know
    told = client.post("/customers", data={PAIR: "different"}).text
    assert "1 Antwort übernommen." in told
    assert "Kein Paar von Datensätzen ist im Zweifel." in told
    assert firm.sql(
        "select record_a, record_b, decision, decided_by from ops.identity_decisions"
    ) == [("crm:7", "erp:1", "different", "Anna Berg")]
    unknown = client.post("/customers", data={json.dumps(["a:1", "b:2"]): "same"}).text
    assert "Nichts wurde übernommen." in unknown


def test_a_cell_is_filled_and_what_does_not_fit_stays_to_be_mended(client, firm):
    page = client.post("/gaps", data={INDUSTRY: " Bau  ", EMPLOYEES: "viele"}).text
    assert "1 Antwort übernommen." in page
    assert "„viele“ ist keine ganze Zahl." in page
    assert 'value="viele"' in page
    assert 'aria-invalid="true"' in page
    assert "Branche" not in re.sub("<datalist.*?</datalist>", "", page, flags=re.DOTALL)
    assert firm.sql("select record_id, column_name, value, file from ops.corrections") == [
        ("erp:1", "industry", "Bau", "page")
    ]
    assert firm.sql("select taken, refused from ops.receipts") == [(1, 0)]
    done = client.post("/gaps", data={EMPLOYEES: "1.200"}).text
    assert "Es fehlt nichts" in done
    assert ("1200",) in firm.sql("select value from ops.corrections")


def test_while_a_night_works_pages_show_what_there_was(client, firm):
    pages = {"/": "Dank an Firma C1", "/customers": "Antrieb Nord GmbH", "/gaps": "24103"}
    for page, name in pages.items():
        before = client.get(page).text
        assert name in before
        assert "Gerade läuft eine Nacht." not in before
    with a_night(firm.settings):
        for page, name in pages.items():
            shown = client.get(page)
            assert shown.status_code == 200
            assert "Gerade läuft eine Nacht." in shown.text
            assert name in shown.text


def test_while_a_night_works_answers_are_kept_and_entered_after_it(client, firm, who):
    client.get("/")
    chosen = keys(firm)
    with a_night(firm.settings):
        told = say(client, "release", *chosen).text
        assert "Angenommen am" in told
        assert told.count("vorgemerkt: freigeben") == 3
        assert "Angenommen am" in client.post("/gaps", data={INDUSTRY: "Bau"}).text
        assert "Angenommen am" in client.post("/customers", data={PAIR: "same"}).text
        assert "Kein Paar" in client.get("/customers").text
        who["name"] = "Ben Kurz"
        assert "vorgemerkt" not in client.get("/").text
    assert take_kept(firm.settings) == 5
    assert take_kept(firm.settings) == 0
    assert [row[0] for row in decisions(firm)] == ["Anna Berg"] * 3
    assert firm.sql("select value from ops.corrections") == [("Bau",)]
    assert firm.sql("select decision, decided_by from ops.identity_decisions") == [
        ("same", "Anna Berg")
    ]


def test_the_next_look_enters_what_waits(client, firm):
    client.get("/")
    with a_night(firm.settings):
        say(client, "release", *keys_of(client))
    assert "1 von 2 Freigaben (Anna Berg)" in client.get("/").text
    assert len(decisions(firm)) == 3


def keys_of(client):
    return re.findall(r'name="key" value="([^"]+)"', client.get("/").text)


def test_a_kept_answer_that_no_longer_fits_is_told_to_who_gave_it(client, firm, who):
    client.get("/")
    with a_night(firm.settings):
        say(client, "release", *keys_of(client))
    firm.use(body={"de": "Ein anderer Text.", "en": "Another text."})
    from proposals import propose

    propose(firm.settings)
    take_kept(firm.settings)
    assert decisions(firm) == []
    page = client.get("/").text
    assert page.count(CHANGED) == 3
    who["name"] = "Ben Kurz"
    assert CHANGED not in client.get("/").text
    who["name"] = "Anna Berg"
    assert CHANGED not in client.post("/read").text
    assert CHANGED not in client.get("/").text


def test_before_the_first_night_pages_say_so(tmp_path, who, monkeypatch):
    from starlette.testclient import TestClient

    from desk.app import Person, make_app

    monkeypatch.setenv("REIFEGRAD_HOME", str(tmp_path / "new"))
    client = TestClient(make_app(lambda: Person(**who)))
    assert "Nichts wartet auf eine Freigabe." in client.get("/").text
    assert "Kein Paar" in client.get("/customers").text
    assert "Es fehlt nichts" in client.get("/gaps").text
    missing = client.get("/nope")
    assert missing.status_code == 404
    assert "Diese Seite gibt es nicht." in missing.text
    assert client.get("/proposal?id=P000000000000").status_code == 404


def test_in_english(client, firm, monkeypatch):
    monkeypatch.setenv("REIFEGRAD_LANGUAGE", "en")
    page = client.get("/").text
    assert "Proposals to release" in page
    assert "Thanks to Firma C1" in page
    assert "not true" in page
    assert "City same (+2.1)" in client.get("/customers").text


def test_a_broken_rules_file_is_named(client, firm):
    (firm.settings.config / "proposals.yml").write_text("mailbox_days: many")
    answer = client.get("/")
    assert answer.status_code == 500
    assert "proposals.yml" in answer.text


def test_a_warehouse_of_a_newer_version_is_named(client, firm):
    firm.sql("insert into ops.migrations values (9999, 'later', now())")
    answer = client.get("/")
    assert answer.status_code == 500
    assert "neuere Version" in answer.text


def test_many_people_at_once_do_not_meet_in_the_warehouse(client, firm, who):
    from concurrent.futures import ThreadPoolExecutor

    from starlette.testclient import TestClient

    chosen = keys(firm)

    def answer(number):
        mine = TestClient(client.app, headers=dict(client.headers))
        return say(mine, "reject", chosen[number % 3], reason="text", comment=str(number))

    with ThreadPoolExecutor(6) as people:
        answers = list(people.map(answer, range(6)))
    assert {one.status_code for one in answers} == {200}
    assert len(decisions(firm)) == 3


def test_the_hourly_run_enters_what_waits_and_keeps_what_pages_show(client, firm):
    from nights.steps import DELIVER_RELEASED

    chosen = keys(firm)
    take, _hand_over, write_list, *_rest = DELIVER_RELEASED
    write_list.run(firm.settings)
    with a_night(firm.settings):  # nobody has opened the page yet
        assert "Dank an Firma C1" in client.get("/").text
        say(client, "release", *chosen)
    take.run(firm.settings)
    assert len(decisions(firm)) == 3
    assert not list((firm.settings.home / "answers").glob("*.json"))
