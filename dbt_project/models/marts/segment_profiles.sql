{#- A view: the rows are written after the build. -#}
{{ config(materialized='view') }}

with

months as (

    select * from {{ ref('int_segment_months_permitted') }}

),

names as (

    select * from {{ ref('int_segments_named') }}

),

customer_months as (

    select * from {{ ref('customer_months') }}

),

counted as (

    select
        months.model,
        months.segment,
        months.month,
        count(*) as customers,
        sum(coalesce(customer_months.orders, 0)) as orders,
        sum(coalesce(customer_months.net_amount, 0)) as net_amount,
        sum(coalesce(customer_months.net_amount_12_months, 0)) as net_amount_12_months
    from months
    left join customer_months
        on
            months.customer_id = customer_months.customer_id
            and months.month = customer_months.month
    group by months.model, months.segment, months.month

),

all_months as (

    select distinct
        model,
        month
    from months

),

-- each segment in each month, those without a customer too: an empty one is news
listed as (

    select
        names.model,
        names.segment,
        names.place,
        names.name_de,
        names.name_en,
        all_months.month
    from names
    inner join all_months on names.model = all_months.model

),

final as (

    select
        listed.model,
        listed.segment,
        listed.month,
        listed.place,
        listed.name_de as name,
        listed.name_en,
        coalesce(counted.customers, 0) as customers,
        cast(coalesce(counted.orders, 0) as bigint) as orders,
        round(coalesce(counted.net_amount, 0), 2) as net_amount,
        round(coalesce(counted.net_amount_12_months, 0), 2) as net_amount_12_months
    from listed
    left join counted
        on
            listed.model = counted.model
            and listed.segment = counted.segment
            and listed.month = counted.month

)

select * from final
