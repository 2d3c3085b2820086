-- Of every attribute, or of every group of attributes (an address), one record's values are chosen.
select
    attributes.customer_id,
    rules.unit
from {{ ref('customer_attributes') }} as attributes
inner join {{ ref('int_golden_record_rules') }} as rules
    on
        rules.entity = 'customers'
        and attributes.attribute = rules.attribute
group by attributes.customer_id, rules.unit
having
    count(distinct attributes.record_id) filter (where attributes.is_chosen) != 1
    or count(*) filter (where attributes.is_chosen)
    != count(distinct attributes.attribute) filter (where attributes.is_chosen)
