{%- set counts = [
    'orders', 'net_amount', 'interactions', 'tickets_opened', 'complaints', 'leads_created',
    'leads_won', 'leads_lost', 'contacts_left',
] -%}
{%- set totals = [
    'orders', 'net_amount', 'interactions', 'tickets_change', 'leads_change', 'lead_amount_change',
    'contacts_left', 'objections_change', 'opt_ins_change',
] -%}

with

counted as (

    select * from {{ ref('int_customer_months_counted') }}
    where month < {{ month_of(night()) }}

),

contacts as (

    select
        customer_id,
        -- whoever left on an unknown day counts as never present
        count(*) filter (where is_active or left_on is not null) as contacts
    from {{ ref('contacts') }}
    where customer_id is not null
    group by customer_id

),

bounds as (

    select
        customer_id,
        min(month) as first_event_month,
        greatest(
            min(month),
            cast({{ month_of(night()) }} - interval {{ var('customer_months') }} month as date)
        ) as first_month
    from counted
    group by customer_id

),

-- every month once, those without any event too, and eleven before the first that is shown; of
-- the months before these the ones with events: they are in the totals
months as (

    select
        bounds.customer_id,
        unnest(range(
            greatest(
                cast(bounds.first_event_month as timestamp),
                bounds.first_month - interval 11 month
            ),
            {{ month_of(night()) }},
            interval 1 month
        )) as month
    from bounds

    union all

    select
        counted.customer_id,
        counted.month
    from counted
    inner join bounds on counted.customer_id = bounds.customer_id
    where counted.month < bounds.first_month - interval 11 month

),

filled as (

    select
        months.customer_id,
        cast(months.month as date) as month,
        {% for column in counts %}
            coalesce(counted.{{ column }}, 0) as {{ column }},
        {% endfor %}
        coalesce(counted.tickets_opened, 0) - coalesce(counted.tickets_closed, 0)
            as tickets_change,
        coalesce(counted.leads_created, 0)
        - coalesce(counted.leads_won, 0)
        - coalesce(counted.leads_lost, 0) as leads_change,
        coalesce(counted.lead_amount_change, 0) as lead_amount_change,
        coalesce(counted.objections_change, 0) as objections_change,
        coalesce(counted.opt_ins_change, 0) as opt_ins_change,
        counted.last_order_on,
        counted.usual_gap_days,
        counted.last_interaction_on
    from months
    left join counted
        on
            months.customer_id = counted.customer_id
            and months.month = counted.month

),

known as (

    select
        *,
        {% for column in totals %}
            sum({{ column }}) over so_far as {{ column }}_total,
        {% endfor %}
        {% for column in ['orders', 'net_amount', 'complaints'] %}
            sum({{ column }}) over one_year as {{ column }}_12_months,
        {% endfor %}
        max(last_order_on) over so_far as known_order_on,
        last_value(usual_gap_days ignore nulls) over so_far as known_gap_days,
        max(last_interaction_on) over so_far as known_interaction_on
    from filled
    window
        so_far as (
            partition by customer_id
            order by month
            rows between unbounded preceding and current row
        ),
        -- as many months as rows: none is left out from eleven before the first shown on
        one_year as (
            partition by customer_id
            order by month
            rows between 11 preceding and current row
        )

),

final as (

    select
        known.customer_id,
        known.month,
        last_day(known.month) as month_end,
        known.orders,
        round(known.net_amount, 2) as net_amount,
        cast(known.orders_12_months as bigint) as orders_12_months,
        round(known.net_amount_12_months, 2) as net_amount_12_months,
        cast(known.orders_total as bigint) as orders_total,
        round(known.net_amount_total, 2) as net_amount_total,
        known.known_order_on as last_order_on,
        last_day(known.month) - known.known_order_on as days_since_last_order,
        known.known_gap_days as usual_gap_days,
        known.interactions,
        cast(known.interactions_total as bigint) as interactions_total,
        last_day(known.month) - known.known_interaction_on as days_since_last_interaction,
        known.tickets_opened,
        cast(known.tickets_change_total as bigint) as open_tickets,
        known.complaints,
        cast(known.complaints_12_months as bigint) as complaints_12_months,
        known.leads_created,
        known.leads_won,
        known.leads_lost,
        cast(known.leads_change_total as bigint) as open_leads,
        round(known.lead_amount_change_total, 2) as open_lead_amount,
        cast(coalesce(contacts.contacts, 0) - known.contacts_left_total as bigint)
            as active_contacts,
        known.contacts_left,
        known.objections_change_total > 0 as has_objected_to_profiling,
        known.opt_ins_change_total > 0 as has_newsletter_opt_in
    from known
    inner join bounds on known.customer_id = bounds.customer_id
    left join contacts on known.customer_id = contacts.customer_id
    where known.month >= bounds.first_month

)

select * from final
