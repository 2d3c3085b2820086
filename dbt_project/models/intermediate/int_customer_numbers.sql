with

records as (

    select * from {{ ref('int_company_records') }}

),

resolved as (

    select * from {{ ref('int_companies_resolved') }}

),

order_lines as (

    select * from {{ ref('int_order_lines_linked') }}
    where company_record_id is not null

),

-- the source whose numbers are on most order lines: those that people quote on the telephone
order_source as (

    select split_part(company_record_id, ':', 1) as source
    from order_lines
    group by split_part(company_record_id, ':', 1)
    order by count(*) desc, split_part(company_record_id, ':', 1)
    limit 1

),

last_orders as (

    select
        company_record_id,
        max(ordered_on) filter (where not is_cancelled) as last_order_on
    from order_lines
    group by company_record_id

),

numbered as (

    select
        resolved.customer_id,
        coalesce(
            records.customer_no,
            case
                when order_source.source is not null
                    then substring(records.record_id, length(records.source) + 2)
            end
        ) as customer_no,
        order_source.source is not null as is_ordered_by,
        last_orders.last_order_on
    from records
    inner join resolved on records.record_id = resolved.record_id
    left join order_source on records.source = order_source.source
    left join last_orders on records.record_id = last_orders.company_record_id

),

-- two sources may bear the same number
numbers as (

    select
        customer_id,
        customer_no,
        bool_or(is_ordered_by) as is_ordered_by,
        max(last_order_on) as last_order_on
    from numbered
    where customer_no is not null
    group by customer_id, customer_no

),

final as (

    select
        customer_id,
        first(
            customer_no
            order by last_order_on desc nulls last, is_ordered_by desc, customer_no asc
        ) as customer_no,
        string_agg(
            customer_no, ', '
            order by last_order_on desc nulls last, is_ordered_by desc, customer_no asc
        ) as customer_nos
    from numbers
    group by customer_id

)

select * from final
