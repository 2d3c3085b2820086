{%- set typed_columns = {
    'companies': ['employees', 'customer_since'],
    'contacts': ['is_active', 'left_on'],
    'leads': ['amount', 'created_on', 'closed_on'],
    'lead_stages': ['entered_on'],
    'order_lines': [
        'ordered_on', 'promised_on', 'delivered_on', 'quantity', 'unit_price', 'net_amount',
        'is_cancelled',
    ],
    'tickets': ['opened_at', 'closed_at'],
    'interactions': ['occurred_at'],
    'consents': ['is_granted', 'decided_on'],
} -%}

with

united as (

    {% for entity, columns in typed_columns.items() %}
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
                    count(*) filter (where list_contains(unparsed_columns, '{{ column }}'))
                    {{ ',' if not loop.last }}
                {% endfor %}
            ]) as unparsed
        from {{ ref('stg_inbox__' ~ entity) }}
        group by source
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

final as (

    select
        source,
        entity,
        column_name,
        records,
        readable + unparsed as filled,
        unparsed
    from united

)

select * from final
