{{ config(
    materialized='incremental',
    unique_key='order_line_id',
    post_hook=[
        "{{ forget_loads(ref('stg_inbox__order_lines')) }}",
        "{{ keep_definition() }}",
    ]
) }}

with

-- the company that people named for an order
said as (

    select
        record_id as order_id,
        value as company_record_id
    from {{ ref('stg_ops__corrections') }}
    where mart = 'orders' and column_name = 'customer_id'

),

{% if is_incremental() %}
    fresh as (

        {{ fresh_loads(ref('stg_inbox__order_lines')) }}

    ),

    -- of loads that went: an older load may have the line too
    stale as (

        select order_line_id
        from {{ this }}
        where load_id not in (
            select distinct typed.load_id from {{ ref('stg_inbox__order_lines') }} as typed
        )

    ),

    customers as (

        {{ customers_of_keys(ref('int_customer_keys_listed'), 'record') }}

    ),

    -- of customers that have another id now
    moved as (

        select kept.order_line_id
        from {{ this }} as kept
        left join said on kept.order_id = said.order_id
        left join customers
            on coalesce(said.company_record_id, kept.company_record_id) = customers.key
        where kept.customer_id is distinct from customers.customer_id

    ),

    touched as (

        select order_line_id from fresh
        union distinct
        select order_line_id from stale
        union distinct
        select order_line_id from moved

    ),
{% endif %}

typed as (

    select * exclude (attributes, unparsed_columns, placeholder_columns)
    from {{ ref('stg_inbox__order_lines') }}
    {% if is_incremental() %}
        where order_line_id in (select touched.order_line_id from touched)
    {% endif %}

),

order_lines as (

    {{ newest('typed', 'order_line_id') }}

),

priced as (

    select
        * replace (
            coalesce(is_cancelled, false) as is_cancelled,
            coalesce(net_amount, round(quantity * unit_price, 2)) as net_amount
        ),
        -- a line without an order number is an order of its own
        coalesce(source || ':' || order_no, order_line_id) as order_id
    from order_lines

),

corrected as (

    select
        priced.*,
        coalesce(said.company_record_id, priced.company_record_id) as corrected_record_id
    from priced
    left join said on priced.order_id = said.order_id

),

linked as (

    {{ link_customers('corrected', ref('int_customer_keys_listed'), [
        ('record', 'corrected.corrected_record_id'),
    ]) }}

),

final as (

    select * exclude (corrected_record_id) from linked

)

select * from final
