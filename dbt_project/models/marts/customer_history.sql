with

history as (

    select * from {{ ref('snap_customers') }}

),

final as (

    select
        customer_id,
        {% for attribute in customer_attributes().split() %}
            {{ attribute }},
        {% endfor %}
        dbt_valid_from as valid_from,
        dbt_valid_to as valid_to,
        dbt_valid_to is null as is_current
    from history

)

select * from final
