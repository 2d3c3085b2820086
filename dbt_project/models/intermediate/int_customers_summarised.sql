{#- the 365 days before the night, as the features of scores count them (models/*.yml) -#}
{%- set year -%} between {{ night() }} - 365 and {{ night() }} - 1 {%- endset -%}
{%- set year_before -%} between {{ night() }} - 730 and {{ night() }} - 366 {%- endset -%}
{%- set attributes = [
    'street', 'postcode', 'city', 'country', 'phone', 'email', 'website', 'vat_id', 'industry',
    'employees', 'account_manager',
] -%}

with

customers as (

    select * from {{ ref('int_customers_merged') }}

),

orders as (

    select
        customer_id,
        count(*) filter (where not is_cancelled and ordered_on {{ year }}) as orders_12_months,
        fsum(net_amount) filter (where not is_cancelled and ordered_on {{ year }})
            as net_amount_12_months,
        count(*) filter (where not is_cancelled and ordered_on {{ year_before }})
            as orders_12_months_before,
        fsum(net_amount) filter (where not is_cancelled and ordered_on {{ year_before }})
            as net_amount_12_months_before,
        count(days_late) filter (where delivered_on {{ year }}) as deliveries_12_months,
        avg(cast(days_late <= 0 as integer)) filter (where delivered_on {{ year }})
            as share_on_time_12_months,
        max(days_late) filter (where delivered_on {{ year }}) as worst_days_late_12_months,
        count(*) filter (where ordered_on is null) as orders_without_day
    from {{ ref('int_orders_totalled') }}
    where customer_id is not null
    group by customer_id

),

order_days as (

    select
        customer_id,
        max(ordered_on) as last_order_on,
        arg_max(usual_gap_days, ordered_on) as usual_gap_days,
        arg_max(longest_gap_days, ordered_on) as longest_gap_days
    from {{ ref('int_customer_order_days') }}
    where ordered_on <= {{ night() }}
    group by customer_id

),

interactions as (

    select
        customer_id,
        max(occurred_at) as last_interaction_at,
        arg_max(kind, (occurred_at, interaction_id)) as last_interaction_kind,
        count(*) filter (where cast(occurred_at as date) {{ year }}) as interactions_12_months
    from {{ ref('int_interactions_linked') }}
    where customer_id is not null and cast(occurred_at as date) <= {{ night() }}
    group by customer_id

),

leads as (

    select
        customer_id,
        count(*) as open_leads,
        fsum(coalesce(amount, 0)) as open_lead_amount
    from {{ ref('int_leads_linked') }}
    where customer_id is not null and outcome = 'open'
    group by customer_id

),

tickets as (

    select
        customer_id,
        count(*) filter (where closed_at is null) as open_tickets,
        count(*) filter (where cast(opened_at as date) {{ year }}) as tickets_12_months,
        count(*) filter (where is_complaint and cast(opened_at as date) {{ year }})
            as complaints_12_months
    from {{ ref('int_tickets_linked') }}
    where customer_id is not null
    group by customer_id

),

contacts as (

    select
        customer_id,
        count(*) filter (where is_active) as active_contacts,
        count(*) filter (where left_on {{ year }}) as contacts_left_12_months
    from {{ ref('int_contacts_merged') }}
    where customer_id is not null
    group by customer_id

),

final as (

    select
        customers.customer_id,
        coalesce(orders.orders_12_months, 0) as orders_12_months,
        round(coalesce(orders.net_amount_12_months, 0), 2) as net_amount_12_months,
        coalesce(orders.orders_12_months_before, 0) as orders_12_months_before,
        round(coalesce(orders.net_amount_12_months_before, 0), 2) as net_amount_12_months_before,
        {{ night() }} - order_days.last_order_on as days_since_last_order,
        order_days.usual_gap_days,
        order_days.longest_gap_days,
        coalesce(orders.deliveries_12_months, 0) as deliveries_12_months,
        orders.share_on_time_12_months,
        orders.worst_days_late_12_months,
        interactions.last_interaction_at,
        interactions.last_interaction_kind,
        coalesce(interactions.interactions_12_months, 0) as interactions_12_months,
        coalesce(leads.open_leads, 0) as open_leads,
        round(coalesce(leads.open_lead_amount, 0), 2) as open_lead_amount,
        coalesce(tickets.open_tickets, 0) as open_tickets,
        coalesce(tickets.tickets_12_months, 0) as tickets_12_months,
        coalesce(tickets.complaints_12_months, 0) as complaints_12_months,
        coalesce(contacts.active_contacts, 0) as active_contacts,
        coalesce(contacts.contacts_left_12_months, 0) as contacts_left_12_months,
        coalesce(orders.orders_without_day, 0) as orders_without_day,
        list_sort(list_distinct([
            {% for attribute in attributes %}
                case when customers.{{ attribute }} is null then '{{ attribute }}' end
                {{- ',' if not loop.last }}
            {% endfor %}
        ])) as missing_attributes
    from customers
    left join orders on customers.customer_id = orders.customer_id
    left join order_days on customers.customer_id = order_days.customer_id
    left join interactions on customers.customer_id = interactions.customer_id
    left join leads on customers.customer_id = leads.customer_id
    left join tickets on customers.customer_id = tickets.customer_id
    left join contacts on customers.customer_id = contacts.customer_id

)

select * from final
