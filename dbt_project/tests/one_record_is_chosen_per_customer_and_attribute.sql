-- Of every attribute, or of every group of attributes (an address), one record's values are chosen,
-- but for single ones that people corrected.
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
    not bool_or(attributes.is_chosen)
    or count(
        distinct if(
            attributes.is_chosen and attributes.source != 'corrections', attributes.record_id, null
        )
    )
    > 1
    or count(if(attributes.is_chosen, 1, null))
    > count(distinct if(attributes.is_chosen, attributes.attribute, null))
