with

source as (

    select * from {{ source('inbox', 'companies') }}

),

renamed as (

    select
        record_id,
        source,
        file,
        row_number,
        load_id,
        loaded_at,
        {{ version_columns() }}

        {% for column in company_columns('text').split() + company_columns('numbers').split() %}
            {{ parse_email(column) if column == 'email' else parse_text(column) }} as {{ column }},
        {% endfor %}
        {% for column in company_columns('number').split() %}
            {{ parse_number(column) }} as {{ column }},
        {% endfor %}
        {% for column in company_columns('date').split() %}
            {{ parse_date(column) }} as {{ column }},
        {% endfor %}
        {% for column in company_columns('boolean').split() %}
            {{ parse_boolean(column) }} as {{ column }},
        {% endfor %}

        attributes,
        {{
            unparsed(
                numbers=company_columns('number').split(),
                dates=company_columns('date').split(),
                booleans=company_columns('boolean').split()
            )
        }} as unparsed_columns,
        {{
            placeholders(company_columns().split() | reject('equalto', 'other_ids') | list)
        }} as placeholder_columns
    from source

)

select * from renamed
