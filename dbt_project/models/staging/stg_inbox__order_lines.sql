{{ config(
    materialized='incremental',
    unique_key='load_id',
    post_hook=["{{ forget_loads(source('inbox', 'order_lines')) }}", "{{ keep_definition() }}"]
) }}

with

source as (

    {{ fresh_loads(source('inbox', 'order_lines')) }}

),

renamed as (

    select
        record_id as order_line_id,
        source,
        file,
        row_number,
        load_id,
        loaded_at,
        {{ version_columns() }}

        company as company_record_id,

        {{ parse_text('order_no') }} as order_no,
        {{ parse_text('line_no') }} as line_no,
        {{ parse_text('sku') }} as sku,
        {{ parse_text('product_name') }} as product_name,

        {{ parse_number('quantity') }} as quantity,
        {{ parse_number('unit_price') }} as unit_price,
        {{ parse_number('net_amount') }} as net_amount,

        {{ parse_date('ordered_on') }} as ordered_on,
        {{ parse_date('promised_on') }} as promised_on,
        {{ parse_date('delivered_on') }} as delivered_on,

        {{ parse_boolean('is_cancelled') }} as is_cancelled,

        attributes,
        {{
            unparsed(
                numbers=['quantity', 'unit_price', 'net_amount'],
                dates=['ordered_on', 'promised_on', 'delivered_on'],
                booleans=['is_cancelled']
            )
        }} as unparsed_columns,
        {{
            placeholders([
                'order_no', 'line_no', 'ordered_on', 'promised_on', 'delivered_on', 'sku',
                'product_name', 'quantity', 'unit_price', 'net_amount', 'is_cancelled'
            ])
        }} as placeholder_columns
    from source

)

select * from renamed
