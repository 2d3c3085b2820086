{#- A view: the rows are written after the build. -#}
{{ config(materialized='view') }}

with

months as (

    select * from {{ ref('int_segment_months_permitted') }}

),

bounds as (

    select
        model,
        min(month) as first_month,
        max(month) as last_month
    from months
    group by model

),

-- where each customer was a month before
older as (

    select
        model,
        customer_id,
        cast(month + interval 1 month as date) as month,
        segment
    from months

),

-- who is in no segment in one of the two months had not ordered for long, or never before
paired as (

    select
        model,
        customer_id,
        month,
        older.segment as from_segment,
        months.segment as to_segment
    from months
    full outer join older using (model, customer_id, month)

),

final as (

    select
        paired.model,
        paired.customer_id,
        paired.month,
        paired.from_segment,
        paired.to_segment
    from paired
    inner join bounds on paired.model = bounds.model
    where
        paired.month > bounds.first_month
        and paired.month <= bounds.last_month
        and paired.from_segment is distinct from paired.to_segment

)

select * from final
