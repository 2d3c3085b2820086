{#- A view: the rows are written after the build. -#}
{{ config(materialized='view') }}

with

shown as (

    select
        listed.*,
        lag(listed.night) over (
            partition by listed.score, listed.entity_id
            order by listed.night asc
        ) as shown_before
    from {{ ref('stg_ops__shown_hints') }} as listed
    inner join {{ ref('int_customers_merged') }} as customers
        on listed.customer_id = customers.customer_id
    where not exists (
        select 1 from {{ ref('int_consents_decided') }} as decided
        where decided.customer_id = listed.customer_id and decided.has_objected_to_profiling
    )

),

-- a hint stands on the list night after night: one hint, until it has been gone for a while
numbered as (

    select
        *,
        count(*) filter (
            where shown_before is null or night - shown_before > {{ var('hint_gap_days') }}
        ) over (
            partition by score, entity_id
            order by night asc
            rows between unbounded preceding and current row
        ) as episode
    from shown

),

final as (

    select
        score,
        entity,
        entity_id,
        arg_max(customer_id, night) as customer_id,
        min(night) as shown_on,
        max(night) as last_shown_on,
        count(*) as nights_shown,
        arg_min(points, night) as points,
        arg_min(band, night) as band,
        arg_min(method, night) as method,  -- noqa: RF04
        arg_min(model_version, night) as model_version,
        arg_min(probability, night) as probability,
        arg_min(amount, night) as amount,
        arg_min(expected_amount, night) as expected_amount,
        min(night) + arg_min(horizon_days, night) as known_on
    from numbered
    group by score, entity, entity_id, episode

)

select * from final
