import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity import normalise
from vocabulary.company_names import company_name
from vocabulary.folding import fold
from vocabulary.words import known

text = st.text(max_size=30) | st.text(
    alphabet="aäoöuüeßéłŁİ .&-'’/@,0123456789GmbHcoKGstr", max_size=30
)


@pytest.mark.parametrize(
    ("written", "name", "legal_form"),
    [
        ("Müller Antriebstechnik GmbH & Co. KG", "muller antriebstechnik", "gmbh co kg"),
        ("MUELLER ANTRIEBSTECHNIK GMBH&CO.KG", "muller antriebstechnik", "gmbh co kg"),
        ("Muller Antriebstechnik GmbH u. Co KG", "muller antriebstechnik", "gmbh co kg"),
        ("Fa. Müller", "muller", None),
        ("Hans Meier e. K.", "hans meier", "ek"),
        ("Kraft & Söhne OHG", "kraft sohne", "ohg"),
        ("Kraft und Söhne", "kraft sohne", None),
        ("Huber Ges.m.b.H.", "huber", "ges mbh"),
        ("Rösti Sàrl", "rosti", "sarl"),
        ("Smith & Co. Ltd.", "smith", "co ltd"),
        ("L'Outil SAS", "loutil", "sas"),
        ("Alfa Motori S.p.A.", "alfa motori", "spa"),
        ("De Vries B.V.", "de vries", "bv"),
        ("Kowalski Sp. z o.o.", "kowalski", "sp z oo"),
        ("Novák s. r. o.", "novak", "sro"),
        ("Acme Tools, Inc.", "acme tools", "inc"),
        ("AG", "ag", None),
        ("AS Motor GmbH", "as motor", "gmbh"),
        ("  ", None, None),
        (None, None, None),
    ],
)
def test_legal_form_is_taken_off_and_kept(written, name, legal_form):
    assert company_name(written) == (name, legal_form)


@pytest.mark.parametrize(
    ("written", "name", "number"),
    [
        ("Hauptstraße 12 a", "haupt", "12a"),
        ("HAUPTSTR. 12A", "haupt", "12a"),
        ("Haupt-Strasse 012a", "haupt", "12a"),
        ("Straße des 17. Juni 135", "des 17 juni", "135"),
        ("Am Kirchplatz 5-7", "am kirchplatz", "5"),
        ("10001 South Woodlawn Avenue", "s woodlawn", "10001"),
        ("10001 S. Woodlawn", "s woodlawn", "10001"),
        ("12, rue de la Paix", "de la paix", "12"),
        ("Postfach", "postfach", None),
        (None, None, None),
    ],
)
def test_street_and_house_number(written, name, number):
    assert normalise.street(written) == (name, number)


@given(text)
def test_folding_a_folded_text_changes_nothing(written):
    once = fold(written)
    assert fold(once) == once


@given(text)
def test_a_name_without_legal_form_has_none_left(written):
    name, _ = company_name(written)
    assert company_name(name) == (name, None)


@given(text)
@pytest.mark.parametrize(
    "function",
    [
        normalise.person_name,
        normalise.postcode,
        normalise.city,
        normalise.country,
        normalise.email,
        normalise.website_domain,
        normalise.birth_date,
        normalise.phone,
    ],
)
def test_normalising_twice_changes_nothing(function, written):
    once = function(written)
    assert function(once) == once


@given(text)
def test_case_and_outer_blanks_say_nothing(written):
    assert fold(f"  {written.upper()} ") == fold(written.upper())
    assert fold("ÜBER") == fold("über") == fold("ueber")


@pytest.mark.parametrize(
    "written",
    ["0711/123-456", "0711 123456", "+49 (711) 123456", "0049711123456", "(0711) 12 34 56"],
)
def test_one_phone_number_in_many_writings(written):
    assert normalise.phone(written, "DE") == "+49711123456"


@pytest.mark.parametrize("written", ["0", "000000", "999999", "123456", "-", "n/a", "12345", None])
def test_placeholders_are_no_phone_numbers(written):
    assert normalise.phone(written, "DE") is None


def test_a_mailbox_provider_is_no_company():
    assert normalise.email_domain("Max <Max.Muster@GMX.de>") is None
    assert normalise.email_domain("info@Mueller-AT.example") == "mueller-at.example"


@pytest.mark.parametrize(
    "written", ["www.mueller.example", "https://mueller.example/kontakt?x=1", "MUELLER.EXAMPLE:443"]
)
def test_website_is_known_by_its_host(written):
    assert normalise.website_domain(written) == "mueller.example"


def test_no_website():
    assert normalise.website_domain("Yes") is None


def test_postcodes():
    assert normalise.postcode("D-01067") == normalise.postcode("1067", "DE") == "01067"
    assert normalise.postcode("60608-1234", "US") == normalise.postcode("60608.0") == "60608"
    assert normalise.postcode("SW1A 1AA") == normalise.postcode("sw1a1aa") == "SW1A1AA"


def test_countries():
    assert normalise.country("Deutschland") == normalise.country("de") == "DE"
    assert normalise.country("Österreich") == normalise.country("AUT") == "AT"
    assert normalise.country("Atlantis") is None


def test_birth_dates():
    assert normalise.birth_date("1970-04-03") == normalise.birth_date("3.4.1970") == "19700403"
    assert normalise.birth_date("03/04/1970", day_first=False) == "19700304"
    assert normalise.birth_date("Mar 1 1970") == "19700301"
    assert normalise.birth_date("19701399") == "19701399"


@pytest.mark.parametrize(
    ("written", "country", "key"),
    [
        ("DE 136 695 976", None, "DE136695976"),
        ("136695976", "DE", "DE136695976"),
        ("DE136695977", None, None),  # check digit
        ("ATU13585627", None, "ATU13585627"),
        ("CHE-107.787.577 MWST", None, "CHE107787577"),
        ("GB 980 7806 84", None, "GB980780684"),
        ("", "DE", None),
        ("unbekannt", "DE", None),
    ],
)
def test_vat_id_counts_only_with_its_check_digit(written, country, key):
    assert normalise.vat_key(written, country) == key


@pytest.mark.parametrize(
    ("written", "country", "key"),
    [
        ("Amtsgericht Stuttgart HRB 12345", "DE", "DE:Stuttgart HRB 12345"),
        ("HRB 12345 Stuttgart", "DE", "DE:Stuttgart HRB 12345"),
        ("HRB 12345", "DE", None),  # every court has one
        ("FN 122119m", "AT", "AT:122119m"),
        ("FN 122119", "AT", None),
        ("732 829 320", "FR", "FR:732829320"),
        ("12345", None, None),
    ],
)
def test_register_number_counts_only_with_check_digit_or_court(written, country, key):
    assert normalise.registration_key(written, country) == key


@pytest.mark.parametrize(
    ("written", "street", "postcode", "city"),
    [
        ("12 Mill Lane, Leeds, LS1 4AP", "12 Mill Lane", "LS1 4AP", "Leeds"),
        ("70173 Stuttgart, Hauptstr. 12", "Hauptstr. 12", "70173", "Stuttgart"),
        ("Tower House, 8 Bridge Road, Perth", "8 Bridge Road", None, "Perth"),
        ("12, rue de la Paix", "12 rue de la Paix", None, None),
        ("Am Kanal 7", "Am Kanal 7", None, None),
        (None, None, None, None),
    ],
)
def test_a_whole_address_in_one_cell_is_taken_apart(written, street, postcode, city):
    assert normalise.address(written, None, None) == (street, postcode, city)


def test_what_the_other_columns_know_is_left_to_them():
    found = normalise.address("Hauptstr. 12, 70173 Stuttgart", "70174", "Stuttgart-West")
    assert found == ("Hauptstr. 12", "70174", "Stuttgart-West")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Krause, Johann", "Johann Krause"),
        ("Петров Сервис", "Petrov Servis"),
        ("Паўлаў", "Pawlaw"),
        ("Müller M0toren Grnbh", "Müller Motoren GmbH"),
        ("Acme, Inc.", "Acme"),
    ],
)
def test_names_that_read_alike(one, other):
    assert company_name(one).name == company_name(other).name


def test_short_forms_and_generations():
    assert normalise.full_given_name("bob") == normalise.full_given_name("robert")
    assert normalise.split_generation("vogt sen") == ("vogt", "1")
    assert normalise.split_generation("vogt") == ("vogt", None)
    assert normalise.birth_date("3/12/73") == "19731203"


@pytest.mark.parametrize("nothing", ["k.A.", "Unbekannt", "-", "n/a", "keine Angabe", "  ", None])
def test_a_placeholder_says_nothing(nothing):
    assert known(nothing) is None


@given(st.text(alphabet="ab@.,<> é", max_size=20))
def test_an_address_begins_with_its_word(text):
    plain = re.search(r"[^\s<>,;:\"()]+@[^\s<>,;:\"()@]+\.[^\W\d_]{2,}", text)
    assert normalise.email(text) == (plain and plain[0])
