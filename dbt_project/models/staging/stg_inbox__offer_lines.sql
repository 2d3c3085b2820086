with

source as (

    select * from {{ source('inbox', 'offer_lines') }}

),

renamed as (

    select
        record_id as offer_line_id,
        source,
        file,
        row_number,
        load_id,
        loaded_at,
        {{ version_columns() }}

        lead as lead_id,
        company as company_record_id,

        {{ parse_text('offer_no') }} as offer_no,
        {{ parse_text('line_no') }} as line_no,
        {{ parse_text('sku') }} as sku,
        {{ parse_text('product_name') }} as product_name,

        {{ parse_number('quantity') }} as quantity,
        {{ parse_number('unit_price') }} as unit_price,
        {{ parse_number('net_amount') }} as net_amount,

        {{ parse_date('offered_on') }} as offered_on,

        attributes,
        {{
            unparsed(
                numbers=['quantity', 'unit_price', 'net_amount'],
                dates=['offered_on']
            )
        }} as unparsed_columns,
        {{
            placeholders([
                'offer_no', 'line_no', 'offered_on', 'sku', 'product_name', 'quantity',
                'unit_price', 'net_amount'
            ])
        }} as placeholder_columns
    from source

)

select * from renamed
