{#- A view: the scores are written after the build. -#}
{{ config(materialized='view') }}

with

customers as (

    select * from {{ ref('customers') }}

),

summaries as (

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
        summaries.days_since_last_order,
        summaries.usual_gap_days,
        summaries.longest_gap_days,
        customers.order_count,
        summaries.orders_12_months,
        summaries.net_amount_12_months,
        summaries.orders_12_months_before,
        summaries.net_amount_12_months_before,
        summaries.deliveries_12_months,
        summaries.share_on_time_12_months,
        summaries.worst_days_late_12_months,
        summaries.last_interaction_at,
        summaries.last_interaction_kind,
        summaries.interactions_12_months,
        summaries.open_leads,
        summaries.open_lead_amount,
        summaries.open_tickets,
        summaries.tickets_12_months,
        summaries.complaints_12_months,
        summaries.active_contacts,
        summaries.contacts_left_12_months,
        customers.has_objected_to_profiling,
        customers.has_newsletter_opt_in,
        scores.points as churn_points,
        scores.band as churn_band,
        scores.reasons_de as churn_reasons_de,
        scores.reasons_en as churn_reasons_en,
        scores.expected_amount as churn_expected_amount,
        scores.night as churn_scored_on,
        customers.record_count,
        customers.source_count,
        summaries.orders_without_day,
        summaries.missing_attributes
    from customers
    inner join summaries on customers.customer_id = summaries.customer_id
    left join scores on customers.customer_id = scores.entity_id

)

select * from final
