{# The night that the build is of (REIFEGRAD_AS_OF), as an SQL date; without it today in the
   company's zone. The only "today" there is. #}
{% macro night() -%}
    {%- set as_of = env_var('REIFEGRAD_AS_OF', '') -%}
    {%- if as_of -%}
        date '{{ as_of }}'
    {%- else -%}
        cast(timezone('{{ env_var('REIFEGRAD_TIMEZONE', 'Europe/Berlin') }}', now()) as date)
    {%- endif -%}
{%- endmacro %}


{# The first day of a day's month. #}
{% macro month_of(day) -%}
    cast(date_trunc('month', {{ day }}) as date)
{%- endmacro %}
