{%- set columns_of = {
    'companies': company_columns().split(),
    'contacts': [
        'company_name', 'given_name', 'family_name', 'role', 'email', 'phone', 'is_active',
        'left_on',
    ],
    'leads': [
        'company_name', 'contact_email', 'title', 'stage', 'outcome', 'amount',
        'lead_source', 'created_on', 'closed_on', 'owner',
    ],
    'lead_stages': ['stage', 'entered_on'],
    'lead_contacts': ['email', 'role'],
    'offer_lines': [
        'offer_no', 'line_no', 'offered_on', 'sku', 'product_name', 'quantity', 'unit_price',
        'net_amount',
    ],
    'order_lines': [
        'order_no', 'line_no', 'ordered_on', 'promised_on', 'delivered_on', 'sku',
        'product_name', 'quantity', 'unit_price', 'net_amount', 'is_cancelled',
    ],
    'products': ['sku', 'name', 'product_group', 'unit', 'list_price', 'unit_cost'],
    'competitor_prices': [
        'competitor', 'sku', 'product_name', 'price', 'currency', 'unit', 'seen_on',
    ],
    'tickets': [
        'email', 'opened_at', 'closed_at', 'category', 'priority', 'subject', 'body',
    ],
    'interactions': [
        'company_name', 'email', 'website', 'kind', 'occurred_at', 'detail', 'campaign', 'topic',
    ],
    'consents': ['company_name', 'email', 'purpose', 'is_granted', 'decided_on'],
} -%}

with

final as (

    {% for entity, columns in columns_of.items() %}
        select
            source,
            '{{ entity }}' as entity,
            unnest({{ columns }}) as column_name,
            count(*) as records,
            unnest([
                {% for column in columns %}
                    count({{ column }}){{ ',' if not loop.last }}
                {% endfor %}
            ]) as readable,
            unnest([
                {% for column in columns %}
                    count(*) filter (
                        where {{ column }} is null
                        and list_contains(placeholder_columns, '{{ column }}')
                    )
                    {{ ',' if not loop.last }}
                {% endfor %}
            ]) as placeholders,
            unnest([
                {% for column in columns %}
                    count(*) filter (
                        where list_contains(unparsed_columns, '{{ column }}')
                        and not list_contains(placeholder_columns, '{{ column }}')
                    )
                    {{ ',' if not loop.last }}
                {% endfor %}
            ]) as unparsed
        from {{ ref('stg_inbox__' ~ entity) }}
        group by source
        {{ 'union all' if not loop.last }}
    {% endfor %}

)

select * from final
