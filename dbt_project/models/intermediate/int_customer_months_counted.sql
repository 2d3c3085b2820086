{%- set relations = [
    'interactions', 'tickets_opened', 'tickets_closed', 'leads_created', 'leads_closed',
    'contacts_left', 'consents',
] -%}
{%- set counts = [
    'orders', 'interactions', 'tickets_opened', 'tickets_closed', 'complaints', 'leads_created',
    'leads_won', 'leads_lost', 'contacts_left', 'objections_change', 'opt_ins_change',
] -%}

with

orders as (

    select
        customer_id,
        {{ month_of('ordered_on') }} as month,
        sum(orders) as orders,
        fsum(net_amount) as net_amount,
        max(ordered_on) as last_order_on,
        arg_max(usual_gap_days, ordered_on) as usual_gap_days
    from {{ ref('int_customer_order_days') }}
    group by all

),

interactions as (

    select
        customer_id,
        {{ month_of('occurred_at') }} as month,
        count(*) as interactions,
        max(cast(occurred_at as date)) as last_interaction_on
    from {{ ref('int_interactions_linked') }}
    group by all

),

tickets as (

    select * from {{ ref('int_tickets_linked') }}
    where opened_at is not null

),

tickets_opened as (

    select
        customer_id,
        {{ month_of('opened_at') }} as month,
        count(*) as tickets_opened,
        count(*) filter (where is_complaint) as complaints
    from tickets
    group by all

),

tickets_closed as (

    select
        customer_id,
        {{ month_of('greatest(opened_at, closed_at)') }} as month,
        count(*) as tickets_closed
    from tickets
    where closed_at is not null
    group by all

),

-- one that was decided on an unknown day counts as never open
leads as (

    select * from {{ ref('int_leads_linked') }}
    where created_on is not null and (outcome = 'open' or closed_on is not null)

),

leads_created as (

    select
        customer_id,
        {{ month_of('created_on') }} as month,
        count(*) as leads_created,
        fsum(coalesce(amount, 0)) as lead_amount_change
    from leads
    group by all

),

leads_closed as (

    select
        customer_id,
        {{ month_of('greatest(created_on, closed_on)') }} as month,
        count(*) filter (where outcome = 'won') as leads_won,
        count(*) filter (where outcome = 'lost') as leads_lost,
        -fsum(coalesce(amount, 0)) as lead_amount_change
    from leads
    where outcome != 'open'
    group by all

),

contacts_left as (

    select
        customer_id,
        {{ month_of('left_on') }} as month,
        count(*) as contacts_left
    from {{ ref('int_contacts_merged') }}
    group by all

),

-- each decision either changes what its mailbox decided before, by one, or nothing
decisions as (

    select
        customer_id,
        {{ month_of('decided_on') }} as month,
        purpose,
        cast(is_granted as integer) - coalesce(lag(cast(is_granted as integer)) over decider, 0)
            as grants_change,
        cast(not is_granted as integer)
        - coalesce(lag(cast(not is_granted as integer)) over decider, 0) as refusals_change
    from {{ ref('int_consents_concerned') }}
    window decider as (
        partition by customer_id, purpose, decided_by
        order by decided_on
    )

),

consents as (

    select
        customer_id,
        month,
        sum(refusals_change) filter (where purpose = 'profiling') as objections_change,
        sum(grants_change) filter (where purpose = 'newsletter') as opt_ins_change
    from decisions
    group by all

),

united as (

    select * from orders

    {% for relation in relations %}
        union all by name

        select * from {{ relation }}
    {% endfor %}

),

final as (

    select
        customer_id,
        month,
        {% for column in counts %}
            cast(coalesce(sum({{ column }}), 0) as bigint) as {{ column }},
        {% endfor %}
        coalesce(fsum(net_amount), 0) as net_amount,
        coalesce(fsum(lead_amount_change), 0) as lead_amount_change,
        max(last_order_on) as last_order_on,
        max(usual_gap_days) as usual_gap_days,
        max(last_interaction_on) as last_interaction_on
    from united
    where customer_id is not null and month is not null
    group by customer_id, month

)

select * from final
