{# The bracket that a quantity falls into, by its lower end: 12 -> 10. #}
{% macro quantity_bracket(quantity) -%}
    case
        {%- for start in var('quantity_brackets') | reverse %}
        when {{ quantity }} >= {{ start }} then {{ start }}
        {%- endfor %}
    end
{%- endmacro %}


{# Where the next bracket begins: 10 -> 20; null for the last. #}
{% macro next_bracket(start) -%}
    case {{ start }}
        {%- for lower in var('quantity_brackets')[:-1] %}
        when {{ lower }} then {{ var('quantity_brackets')[loop.index] }}
        {%- endfor %}
    end
{%- endmacro %}
