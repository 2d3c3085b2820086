{#- A view: the scores are written after the build. -#}
{{ config(materialized='view') }}

with

hints as (

    select * from {{ ref('int_hints_ranked') }}

),

customers as (

    select * from {{ ref('customers') }}

),

summaries as (

    select * from {{ ref('int_customers_summarised') }}

),

-- whom to ask for: of an offer who got it; else somebody who can be reached, known best
contacts as (

    select
        hints.score,
        hints.entity_id,
        contacts.role,
        contacts.phone,
        contacts.email,
        nullif(concat_ws(' ', contacts.given_name, contacts.family_name), '') as name
    from hints
    inner join {{ ref('contacts') }} as contacts
        on hints.customer_id = contacts.customer_id and contacts.is_active
    qualify row_number() over (
        partition by hints.score, hints.entity_id
        order by
            coalesce(contacts.email = hints.contact_email, false) desc,
            contacts.family_name is not null desc,
            contacts.phone is not null desc,
            contacts.record_count desc,
            contacts.contact_id asc
    ) = 1

),

-- what the points rest on, the weightiest first
raised as (

    select
        score,
        entity_id,
        string_agg(feature, '; ' order by rank asc) as raised_by
    from {{ ref('int_score_reasons_permitted') }}
    where is_shown and direction = 'raises'
    group by all

),

answers as (

    select
        customer_id,
        max(said_on) as last_answer_on,
        arg_max(kind, said_at) as last_answer,
        max(said_at) filter (where is_followed) as last_followed_at
    from {{ ref('int_score_feedback_linked') }}
    group by customer_id

),

final as (

    select
        {{ night() }} as night,
        hints.account_manager,
        cast(hints.rank as integer) as rank,
        hints.customer_id,
        customers.customer_no,
        customers.name,
        customers.postcode,
        customers.city,
        customers.country_code,
        contacts.name as contact_name,
        contacts.role as contact_role,
        coalesce(contacts.phone, customers.phone) as phone,
        coalesce(contacts.email, customers.email) as email,
        hints.score,
        hints.entity,
        hints.entity_id,
        hints.title,
        hints.stage,
        hints.method,
        hints.model_version,
        hints.probability,
        hints.points,
        hints.band,
        hints.reasons_de,
        hints.reasons_en,
        raised.raised_by,
        hints.amount,
        hints.expected_amount,
        hints.worth,
        cast(hints.further_hints as integer) as further_hints,
        customers.last_order_on,
        summaries.days_since_last_order,
        summaries.usual_gap_days,
        summaries.net_amount_12_months,
        summaries.share_on_time_12_months,
        greatest(summaries.last_interaction_at, answers.last_followed_at) as last_contact_at,
        case
            when summaries.last_interaction_at > answers.last_followed_at
                then summaries.last_interaction_kind
            when answers.last_followed_at is not null then 'score_feedback'
            else summaries.last_interaction_kind
        end as last_contact_kind,
        summaries.open_leads,
        summaries.open_lead_amount,
        summaries.open_tickets,
        summaries.complaints_12_months,
        summaries.contacts_left_12_months,
        answers.last_answer,
        answers.last_answer_on,
        hints.scored_on,
        hints.as_of,
        cast(hints.candidates as integer) as candidates
    from hints
    inner join customers on hints.customer_id = customers.customer_id
    inner join summaries on hints.customer_id = summaries.customer_id
    left join contacts
        on hints.score = contacts.score and hints.entity_id = contacts.entity_id
    left join raised
        on hints.score = raised.score and hints.entity_id = raised.entity_id
    left join answers on hints.customer_id = answers.customer_id

)

select * from final
