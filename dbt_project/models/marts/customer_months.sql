{%- set counts = [
    'orders', 'interactions', 'tickets_opened', 'tickets_closed', 'complaints', 'leads_created',
    'leads_won', 'leads_lost', 'contacts_left', 'objections_change', 'opt_ins_change',
] -%}
{%- set amounts = ['net_amount', 'lead_amount_change'] -%}

with

counted as (

    select * from {{ ref('int_customer_months_counted') }}
    where month < {{ month_of(night()) }}

),

contacts as (

    select
        customer_id,
        -- whoever left on an unknown day was never surely there
        count(*) filter (where is_active or left_on is not null) as contacts
    from {{ ref('contacts') }}
    where customer_id is not null
    group by customer_id

),

bounds as (

    select
        customer_id,
        greatest(
            min(month),
            cast({{ month_of(night()) }} - interval {{ var('customer_months') }} month as date)
        ) as first_month
    from counted
    group by customer_id

),

-- every month once, those without any event too; and the ones before the first that is shown
months as (

    select
        customer_id,
        unnest(range(
            cast(first_month as timestamp), {{ month_of(night()) }}, interval 1 month
        )) as month
    from bounds

    union all

    select
        counted.customer_id,
        counted.month
    from counted
    inner join bounds on counted.customer_id = bounds.customer_id
    where counted.month < bounds.first_month

),

filled as (

    select
        months.customer_id,
        cast(months.month as date) as month,
        last_day(months.month) as month_end,
        {% for column in counts + amounts %}
            coalesce(counted.{{ column }}, 0) as {{ column }},
        {% endfor %}
        counted.last_order_on,
        counted.usual_gap_days,
        counted.last_interaction_on
    from months
    left join counted
        on
            months.customer_id = counted.customer_id
            and cast(months.month as date) = counted.month

),

known as (

    select
        *,
        {% for column in counts %}
            cast(sum({{ column }}) over so_far as bigint) as {{ column }}_total,
        {% endfor %}
        sum(net_amount) over so_far as net_amount_total,
        sum(lead_amount_change) over so_far as open_lead_amount,
        cast(sum(orders) over one_year as bigint) as orders_12_months,
        sum(net_amount) over one_year as net_amount_12_months,
        cast(sum(complaints) over one_year as bigint) as complaints_12_months,
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
        one_year as (
            partition by customer_id
            order by month
            range between interval 11 months preceding and current row
        )

),

final as (

    select
        known.customer_id,
        known.month,
        known.month_end,
        known.orders,
        round(known.net_amount, 2) as net_amount,
        known.orders_12_months,
        round(known.net_amount_12_months, 2) as net_amount_12_months,
        known.orders_total,
        round(known.net_amount_total, 2) as net_amount_total,
        known.known_order_on as last_order_on,
        known.month_end - known.known_order_on as days_since_last_order,
        known.known_gap_days as usual_gap_days,
        known.interactions,
        known.interactions_total,
        known.month_end - known.known_interaction_on as days_since_last_interaction,
        known.tickets_opened,
        known.tickets_opened_total - known.tickets_closed_total as open_tickets,
        known.complaints,
        known.complaints_12_months,
        known.leads_created,
        known.leads_won,
        known.leads_lost,
        known.leads_created_total - known.leads_won_total - known.leads_lost_total as open_leads,
        round(known.open_lead_amount, 2) as open_lead_amount,
        coalesce(contacts.contacts, 0) - known.contacts_left_total as active_contacts,
        known.contacts_left,
        known.objections_change_total > 0 as has_objected_to_profiling,
        known.opt_ins_change_total > 0 as has_newsletter_opt_in
    from known
    inner join bounds on known.customer_id = bounds.customer_id
    left join contacts on known.customer_id = contacts.customer_id
    where known.month >= bounds.first_month

)

select * from final
