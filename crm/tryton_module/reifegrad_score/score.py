# SPDX-License-Identifier: GPL-3.0-or-later
"The fields that Reifegrad fills every night; people read them, nobody types into them."
from trytond.model import Index, Unique, fields
from trytond.model.model import Model
from trytond.pool import PoolMeta
from trytond.pyson import Eval, If

BANDS = [(None, ""), ('high', "High"), ('medium', "Medium"), ('low', "Low")]
METHODS = [(None, ""), ('rules', "Rules"), ('model', "Model")]


class ScoreMixin(Model):
    "One score: points, band, reasons, and what they rest on"
    reifegrad_points = fields.Integer("Points", readonly=True)
    reifegrad_band = fields.Selection(BANDS, "Band", sort=False, readonly=True)
    reifegrad_reasons = fields.Text("Reasons", readonly=True)
    reifegrad_next_step = fields.Char(
        "Next step", readonly=True,
        states={'invisible': ~Eval('reifegrad_next_step')})
    reifegrad_proposals = fields.Text(
        "Proposals", readonly=True,
        states={'invisible': ~Eval('reifegrad_proposals')})
    reifegrad_maturity_stage = fields.Integer("Maturity stage", readonly=True)
    reifegrad_method = fields.Selection(METHODS, "Method", sort=False, readonly=True)
    reifegrad_model_version = fields.Char(
        "Model version", readonly=True,
        states={'invisible': ~Eval('reifegrad_model_version')})
    reifegrad_scored_on = fields.Date("Scored on", readonly=True)
    reifegrad_valid_until = fields.Date("Valid until", readonly=True)
    _reifegrad_visuals = {}

    @classmethod
    def view_attributes(cls):
        visual = ''
        for band, colour in cls._reifegrad_visuals.items():
            visual = If(Eval('reifegrad_band') == band, colour, visual)
        return super().view_attributes() + [
            ('/tree/field[@name="reifegrad_band"]', 'visual', visual)]

    @classmethod
    def copy(cls, records, default=None):
        "A copy is another record: nobody has scored it yet"
        ours = {name: None for name in ScoreMixin.__dict__ if name.startswith('reifegrad_')}
        return super().copy(records, default=dict(default or {}, **ours))


class Party(ScoreMixin, metaclass=PoolMeta):
    __name__ = 'party.party'
    _reifegrad_visuals = {'high': 'danger', 'medium': 'warning', 'low': 'success'}
    reifegrad_customer_no = fields.Char("Customer No.", readonly=True)

    @classmethod
    def __setup__(cls):
        super().__setup__()
        # The nearest first where Tryton looks for a related party, then the highest risk.
        cls._order.insert(1, ('reifegrad_points', 'DESC NULLS LAST'))

    @classmethod
    def copy(cls, parties, default=None):
        return super().copy(parties, default=dict(default or {}, reifegrad_customer_no=None))


class Opportunity(ScoreMixin, metaclass=PoolMeta):
    __name__ = 'sale.opportunity'
    _reifegrad_visuals = {'high': 'success', 'medium': 'warning', 'low': 'muted'}
    reifegrad_key = fields.Char("Lead ID", readonly=True)
    # Filled once, when the opportunity is created; from then on they belong to the salesperson.
    reifegrad_stage = fields.Char("Stage")
    reifegrad_owner = fields.Char("Owner")

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls._order.insert(0, ('reifegrad_points', 'DESC NULLS LAST'))
        t = cls.__table__()
        cls._sql_constraints += [
            ('reifegrad_key_unique', Unique(t, t.reifegrad_key),
                'reifegrad_score.msg_key_unique')]
        cls._sql_indexes.add(
            Index(t, (t.reifegrad_key, Index.Equality(cardinality='high'))))

    @classmethod
    def copy(cls, opportunities, default=None):
        return super().copy(opportunities, default=dict(default or {}, reifegrad_key=None))
