with

companies as (

    {{ newest(ref('stg_inbox__companies'), 'record_id') }}

),

referenced as (

    {% for model in ['order_lines', 'leads', 'contacts', 'tickets', 'interactions', 'consents'] %}
        select
            company_record_id as record_id,
            max(loaded_at) as loaded_at
        from {{ ref('stg_inbox__' ~ model) }}
        where company_record_id is not null
        group by company_record_id
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

-- a customer number that orders name but no master record explains is a customer all the same
referenced_only as (

    select
        record_id,
        split_part(record_id, ':', 1) as source,
        max(loaded_at) as loaded_at
    from referenced
    where record_id not in (select companies.record_id from companies)
    group by record_id

),

final as (

    select * exclude (unparsed_columns, placeholder_columns)
    from companies

    union all by name

    select *
    from referenced_only

)

select * from final
