# SPDX-License-Identifier: GPL-3.0-or-later
"""Fill the embedded CRM's database. Runs in .venv-crm, started by crm/embedded.py.

    python -O activate.py CONFIG modules     activate or update all modules
    python -O activate.py CONFIG company     company, currency, languages, password (JSON on stdin)
"""
import json
import sys
from decimal import Decimal

from trytond import backend, config

DATABASE = 'crm'
MODULES = ['sale_opportunity', 'reifegrad_score']
LANGUAGES = ['de', 'en']
MENUS = [('sale', 'menu_sale'), ('party', 'menu_party'), ('ir', 'menu_administration')]
HIDDEN_MENUS = [
    ('party', 'menu_configuration'), ('party', 'menu_identifier_form'),
    ('party', 'menu_category_tree'), ('sale', 'menu_configuration'), ('sale', 'menu_product'),
    ('sale', 'menu_sale_form'), ('sale', 'menu_reporting'),
    ]
HIDDEN_TABS = [  # of the opportunities: what they show stands under Open or All, too
    ('sale_opportunity', f'act_opportunity_form_domain_{name}')
    for name in ('leads', 'opportunities', 'converted', 'cancelled')]
FIRST_WINDOWS = [
    ('party', 'act_party_form'), ('sale_opportunity', 'act_opportunity_form')]
# Tryton's country module comes without countries; these are the trade partners that matter
# most to a German maker. A company that needs more runs `trytond_import_countries`.
COUNTRIES = {
    'AT': ("Österreich", "Austria"), 'BE': ("Belgien", "Belgium"),
    'CH': ("Schweiz", "Switzerland"), 'CZ': ("Tschechien", "Czechia"),
    'DE': ("Deutschland", "Germany"), 'DK': ("Dänemark", "Denmark"),
    'ES': ("Spanien", "Spain"), 'FR': ("Frankreich", "France"),
    'GB': ("Vereinigtes Königreich", "United Kingdom"), 'IT': ("Italien", "Italy"),
    'LI': ("Liechtenstein", "Liechtenstein"), 'LU': ("Luxemburg", "Luxembourg"),
    'NL': ("Niederlande", "Netherlands"), 'PL': ("Polen", "Poland"),
    'SE': ("Schweden", "Sweden"), 'US': ("Vereinigte Staaten", "United States"),
    }


def activate_modules():
    """Half the time of `trytond-admin -u`: the rows come from the locked modules' own XML, so
    they are not validated again one by one, and the tables of `ir` get their indexes before
    the other modules search them thousands of times."""
    from trytond.model import ModelStorage
    from trytond.pool import Pool
    from trytond.transaction import Transaction

    database = backend.Database(DATABASE)
    database.connect()
    is_new = not database.test()
    if is_new:
        database.init()
        ModelStorage._validate = classmethod(lambda cls, records, field_names=None: None)
        Pool(DATABASE).init(update=['ir'], lang=LANGUAGES)
        Pool.stop(DATABASE)
    Pool(DATABASE).init(
        update=MODULES if is_new else MODULES[-1:], lang=LANGUAGES, activatedeps=True)
    with Transaction().start(DATABASE, 0):
        Lang = Pool().get('ir.lang')
        Lang.write(Lang.search([('code', 'in', LANGUAGES)]), {'translatable': True})


def set_up_company(wanted):
    from trytond.pool import Pool
    from trytond.transaction import Transaction, TransactionError

    Pool(DATABASE).init()
    extras = {}
    while True:  # Tryton names a table to be locked by failing: begin anew with the lock
        with Transaction().start(
                DATABASE, 0, context={'language': 'en'}, **extras) as transaction:
            try:
                write_company(Pool(), wanted)
            except TransactionError as error:
                transaction.rollback()
                error.fix(extras)
                continue
        return


def write_company(pool, wanted):
    User, Lang = pool.get('res.user'), pool.get('ir.lang')
    language, = Lang.search([('code', '=', wanted['language'])])
    add_countries(pool)
    company = find_or_add_company(pool, wanted['company'])
    admin, = User.search([('login', '=', 'admin')])
    admin.password = wanted['password']
    admin.language = language
    admin.companies = [company]
    admin.company = company
    show_what_sales_needs(pool, admin)
    # Nobody is to be asked at the first login for what stands here.
    Item = pool.get('ir.module.config_wizard.item')
    Item.write(Item.search([]), {'state': 'done'})
    admin.save()


def show_what_sales_needs(pool, user):
    """Open the opportunities and the customers at login; leave sales' menus and tabs only.

    Tryton's accounting, stock and products come with its module for opportunities; what is
    hidden here is still there for whoever switches the menu on again (Administration)."""
    ModelData, Menu = pool.get('ir.model.data'), pool.get('ir.ui.menu')
    Action = pool.get('ir.action')
    kept = {ModelData.get_id(*name) for name in MENUS}
    with_parent = Menu.search([('parent', '=', None)])
    Menu.write([menu for menu in with_parent if menu.id not in kept], {'active': False})
    Menu.write(
        Menu.browse([ModelData.get_id(*name) for name in HIDDEN_MENUS]), {'active': False})
    Tab = pool.get('ir.action.act_window.domain')
    Tab.write(Tab.browse([ModelData.get_id(*name) for name in HIDDEN_TABS]), {'active': False})
    windows = pool.get('ir.action.act_window').browse(
        [ModelData.get_id(*name) for name in FIRST_WINDOWS])
    user.actions = Action.browse([window.action.id for window in windows])


def find_or_add_company(pool, name):
    Company, Currency = pool.get('company.company'), pool.get('currency.currency')
    for company in Company.search([], limit=1):
        company.party.name = name
        company.party.save()
        return company
    party, = pool.get('party.party').create([{'name': name}])
    currency, = Currency.create([{
                'name': "Euro", 'symbol': "€", 'code': 'EUR', 'numeric_code': '978',
                'digits': 2, 'rounding': Decimal('0.01'),
                }])
    company, = Company.create([{'party': party.id, 'currency': currency.id}])
    return company


def add_countries(pool):
    from trytond.transaction import Transaction

    Country = pool.get('country.country')
    known = {c.code for c in Country.search([])}
    codes = [code for code in COUNTRIES if code not in known]
    countries = Country.create([{'code': code, 'name': COUNTRIES[code][1]} for code in codes])
    with Transaction().set_context(language='de'):
        for code, country in zip(codes, countries):
            Country.write([country], {'name': COUNTRIES[code][0]})


if __name__ == '__main__':
    config.update_etc(sys.argv[1])
    if sys.argv[2] == 'modules':
        activate_modules()
    else:
        set_up_company(json.load(sys.stdin))
