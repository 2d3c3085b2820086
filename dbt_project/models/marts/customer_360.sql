{#- A view: the scores are written after the build. -#}
{{ config(materialized='view') }}

with

customers as (

    select * from {{ ref('int_customers_summarised') }}

),

scores as (

    select * from {{ ref('scores') }}
    where score = 'churn' and entity = 'customer'

),

final as (

    select
        customers.customer_id,
        customers.customer_no,
        customers.customer_nos,
        {% for attribute in customer_attributes().split() if attribute != 'registration_no' %}
            customers.{{ attribute }},
        {% endfor %}
        customers.first_order_on,
        customers.last_order_on,
        customers.days_since_last_order,
        customers.usual_gap_days,
        customers.longest_gap_days,
        customers.order_count,
        customers.orders_12_months,
        customers.net_amount_12_months,
        customers.orders_12_months_before,
        customers.net_amount_12_months_before,
        customers.deliveries_12_months,
        customers.share_on_time_12_months,
        customers.worst_days_late_12_months,
        customers.last_interaction_at,
        customers.last_interaction_kind,
        customers.interactions_12_months,
        customers.open_leads,
        customers.open_lead_amount,
        customers.open_tickets,
        customers.tickets_12_months,
        customers.complaints_12_months,
        customers.active_contacts,
        customers.contacts_left_12_months,
        customers.has_objected_to_profiling,
        customers.has_newsletter_opt_in,
        scores.points as churn_points,
        scores.band as churn_band,
        scores.reasons_de as churn_reasons_de,
        scores.reasons_en as churn_reasons_en,
        scores.night as churn_scored_on,
        customers.record_count,
        customers.source_count,
        customers.orders_without_day,
        customers.missing_attributes
    from customers
    left join scores on customers.customer_id = scores.entity_id

)

select * from final
