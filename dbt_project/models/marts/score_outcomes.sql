{#- A view: the rows are written after the build. -#}
{{ config(materialized='view') }}

with

hints as (

    select * from {{ ref('int_hints_shown') }}

),

ended as (

    select
        *,
        coalesce(
            lead(shown_on) over (
                partition by score, entity_id
                order by shown_on asc
            ),
            date 'infinity'
        ) as next_shown_on
    from hints

),

answers as (

    select
        ended.score,
        ended.entity_id,
        ended.shown_on,
        arg_max(feedback.kind, feedback.said_at) as feedback,
        max(feedback.said_on) as feedback_on,
        arg_max(feedback.note, feedback.said_at) as note,
        bool_or(feedback.is_followed) as is_followed
    from ended
    inner join {{ ref('int_score_feedback_linked') }} as feedback
        on
            ended.score = feedback.score
            and ended.entity_id = feedback.entity_id
            and ended.shown_on <= feedback.about
            and ended.next_shown_on > feedback.about
    group by all

),

-- the day up to which orders have come in: before the horizon is over nobody is silent
reached as (

    select max(ordered_on) as reached_on
    from {{ ref('orders') }}
    where ordered_on <= {{ night() }}

),

orders as (

    select
        ended.score,
        ended.entity_id,
        ended.shown_on,
        min(orders.ordered_on) as ordered_on
    from ended
    inner join {{ ref('orders') }} as orders
        on
            ended.customer_id = orders.customer_id
            and ended.shown_on <= orders.ordered_on
            and ended.known_on > orders.ordered_on
    where ended.entity = 'customer' and not orders.is_cancelled
    group by all

),

leads as (

    select * from {{ ref('leads') }}

),

final as (

    select
        ended.score,
        ended.entity,
        ended.entity_id,
        ended.customer_id,
        ended.shown_on,
        ended.last_shown_on,
        ended.nights_shown,
        ended.points,
        ended.band,
        ended.method,
        ended.model_version,
        ended.probability,
        ended.amount,
        ended.expected_amount,
        answers.feedback,
        answers.feedback_on,
        answers.note,
        answers.is_followed,
        case
            when ended.entity = 'lead' and leads.outcome in ('won', 'lost') then leads.outcome
            when ended.entity = 'lead' then 'open'
            when orders.ordered_on is not null then 'ordered'
            when ended.known_on <= reached.reached_on then 'not_ordered'
            else 'open'
        end as outcome,
        coalesce(orders.ordered_on, case when leads.outcome <> 'open' then leads.closed_on end)
            as outcome_on
    from ended
    cross join reached
    left join answers
        on
            ended.score = answers.score
            and ended.entity_id = answers.entity_id
            and ended.shown_on = answers.shown_on
    left join orders
        on
            ended.score = orders.score
            and ended.entity_id = orders.entity_id
            and ended.shown_on = orders.shown_on
    left join leads on ended.entity = 'lead' and ended.entity_id = leads.lead_id

)

select * from final
