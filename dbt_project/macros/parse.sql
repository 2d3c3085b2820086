{#
    Text to values. `column` is an expression of type text; `format` is an expression too and
    defaults to what ingest decided for the whole column (the row's formats['<column>']).
    The format settles what a cell leaves open: "1.234" is 1234 in a column with decimal commas
    and 1.234 in one with points. A cell that leaves nothing open needs no format: "1.5", "12,50"
    and "2025-12-31" are read as such in any column. In a `mixed` column, where both formats are
    in use, an open cell stays unread. What is not read is null and counted in marts.data_quality.
    So is a cell that only says that nothing is known; raw keeps what stood there.
#}

{% macro parse_text(column) -%}
    case when not {{ is_placeholder(column) }} then nullif(trim({{ column }}), '') end
{%- endmacro %}


{# One address is one value, however its letters are written: "Info@Bau.example" -> info@bau.example #}
{% macro parse_email(column) -%}
    lower({{ parse_text(column) }})
{%- endmacro %}


{# "k. A." | "n/a" | "-" | "???" | "0000" | "xxx" | one of the vocabulary's `placeholders` -> true; "/" alone is a
   web site's first page. One expression, which other texts leave at their first characters. #}
{% macro is_placeholder(column) -%}
    {%- set mark = '[\\p{P}\\p{Z}\\p{Sm}\\s]' -%}
    {%- set words = placeholders_everywhere() -%}
    {%- if column not in var('name_columns') -%}
        {%- set words = words ~ '|' ~ placeholders_but_for_people_and_countries() -%}
    {%- endif -%}
    {%- set words = words | replace(' ', mark ~ '*') -%}
    regexp_full_match({{ column }}, '(?i){{ mark }}*([-–—_.,:;?!*#+=()…]|{{ words }}|0({{ mark }}*0)+|x({{ mark }}*x)+){{ mark }}*')
{%- endmacro %}


{# The names of the columns in which a placeholder stands. #}
{% macro placeholders(columns) -%}
    list_filter([
        {%- for column in columns %}
        case when {{ is_placeholder(column) }} then '{{ column }}' end{{ ',' if not loop.last }}
        {%- endfor %}
    ], named -> named is not null)
{%- endmacro %}


{# "1.234,56 €" | "(12,50)" | "12,50-" | "1.299,--" | "CHF 1'234.50" | "12,5 %" (0.125, as a
   spreadsheet keeps it) | "12 kg" (12; the units are the variable `units`) | "50,00 H" (-50: Haben
   or Cr is negative, Soll or Dr is not, as SAP's lists mean it; only behind two decimals, since
   "12 H" may be hours) -> double #}
{% macro parse_number(column, format=none) -%}
    {%- set format = format or "formats['" ~ column ~ "']" -%}
    {%- set cents = '[.,]\\d\\d[\\p{Z}\\s]*(?:€|EUR)?[\\p{Z}\\s]*' -%}
    {%- set side = '(?:[SH]|[CD][Rr])' -%}
    {%- set unit = '[\\p{Z}\\s]*(?:' ~ var('units') | join('|') ~ ')[.]?' -%}
    {%- set wide_blank = '[\\t\\x{1680}\\x{2000}-\\x{200A}\\x{205F}\\x{3000}]' -%}
    case
        when regexp_matches({{ column }}, '(?:{{ cents ~ side }}|(?:\d|[.,]-+){{ unit }})[\p{Z}\s]*$|{{ wide_blank }}')
            then case when regexp_matches({{ column }}, '{{ cents }}(?:H|C[Rr])[\p{Z}\s]*$') then -1 else 1 end
                {#- a lambda, so that the cell is cleaned once, however often the number is looked at #}
                * list_transform(
                    [regexp_replace(regexp_replace({{ column }}, '[\p{Z}\s]+', ' ', 'g'), '(\d ?(?:€|EUR)?|[.,]-+) ?(?:{{ side }}|{{ unit }}) ?$', '\1')],
                    lambda bare: {{ parse_bare_number('bare', format) }}
                )[1]
        else {{ parse_bare_number(column, format) }}
    end
{%- endmacro %}


{# A number with neither unit nor side of an account. #}
{% macro parse_bare_number(column, format) -%}
    {#- every kind of space and apostrophe becomes one, currencies go -#}
    {%- set plain -%}
        trim(regexp_replace(translate({{ column }}, chr(160) || chr(8201) || chr(8239) || '’−–', '   ''--'), '(?i)€|\$|£|\b(eur|usd|gbp|chf)\b', '', 'g'))
    {%- endset -%}
    {%- set plain = plain | trim -%}
    {#- dashes behind the last mark stand for no cents: that mark is the decimal one -#}
    {%- set digits -%}
        regexp_replace(regexp_replace({{ plain }}, '([.,])-+$', '\100'), '^[-+(] ?| ?%? ?[-)]$| ?%$', '', 'g')
    {%- endset -%}
    {%- set digits = digits | trim -%}
    {%- set comma -%}
        case
            when regexp_full_match({{ digits }}, '(\d+|[1-9]\d{0,2}((\.\d{3})+|( \d{3})+|(''\d{3})+))?(,\d+)?')
                then try_cast(replace(translate({{ digits }}, '. ''', ''), ',', '.') as double)
        end
    {%- endset -%}
    {%- set point -%}
        case
            when regexp_full_match({{ digits }}, '(\d+|[1-9]\d{0,2}((,\d{3})+|( \d{3})+|(''\d{3})+))?(\.\d+)?([eE][-+]?\d+)?')
                then try_cast(translate({{ digits }}, ', ''', '') as double)
        end
    {%- endset -%}
    (
        case when regexp_matches({{ plain }}, '^-|^\(.*\)$|\d ?%? ?-$') then -1 else 1 end
        * case when regexp_matches({{ plain }}, '\d ?% ?[-)]?$') then 0.01::double else 1 end
        * case
            when regexp_full_match({{ digits }}, '\d+') then try_cast({{ digits }} as double)
            when {{ format }} = 'comma' then coalesce({{ comma }}, {{ point }})
            when {{ format }} = 'mixed' and regexp_full_match({{ digits }}, '[1-9]\d{0,2}[.,]\d{3}') then null
            else coalesce({{ point }}, {{ comma }})
        end
    )
{%- endmacro %}


{# "31.12.25" | "2025-12-31" | "12/31/2025 14:05" | "Mi, 31.12.2025, 14:05" | "31. Dezember 2025" |
   "31-DEC-25" | Excel's day number 46022 | seconds or milliseconds since 1970, of ten or thirteen
   digits (2001 to 2033) -> date.
   Two digits of a year: 69-99 are 19xx, 00-68 are 20xx (POSIX). Eight digits with the year first
   cannot be a day first: 19 and 20 are no months. Points part day, month, year, also in a column
   with the month first, unless the second part is no month; in a mixed one they settle nothing.
   ingest/mapping/value_formats.py decides the format; tests/written_values.csv holds both to it. #}
{% macro parse_date(column, format=none) -%}
    {%- set format = format or "formats['" ~ column ~ "']" -%}
    case
        when {{ is_date_in_words(column) }} then list_transform([{{ date_in_figures(column) }}], lambda figures: {{ parse_date_in_figures('figures', format) }})[1]
        else {{ parse_date_in_figures(column, format) }}
    end
{%- endmacro %}


{# Words, commas or unusual blanks: only such a cell takes the longer way. #}
{% macro is_date_in_words(column) -%}
    not regexp_full_match({{ column }}, '[-+\d./:TZ]*( [-+\d./:]*)?')
{%- endmacro %}


{# "Mo, 5. Januar 2025, 14:30 Uhr" -> "2025-01-05 14:30 Uhr": without day of the week, comma and
   wide blanks, the month as a figure. German and English months, whole or shortened. #}
{% macro date_in_figures(column) -%}
    {%- set weekday = '(mo|di|mi|do|fr|sa|so|mon|tue|tues|wed|thu|thur|thurs|fri|sat|sun|montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonnabend|sonntag|(mon|tues|wednes|thurs|fri|satur|sun)day)' -%}
    {%- set month = '(jan|jän|feb|mar|mär|mrz|apr|mai|may|jun|jul|aug|sep|sept|okt|oct|nov|dez|dec|januar|jänner|january|februar|feber|february|märz|maerz|march|april|juni|june|juli|july|august|september|oktober|october|november|dezember|december)' -%}
    {%- set clock = '(,? *(?:um |at |-|–)? *|T)(\\d{1,2}:\\d{2}.*)?' -%}
    {%- set spaced = "regexp_replace(trim(regexp_replace(" ~ column ~ ", '[\\p{Z}\\s]+', ' ', 'g')), '(?i)^" ~ weekday ~ "(\\.|,|\\.,)? +', '')" -%}
    {%- set day_first = "(?i)^(\\d{1,2})(?:\\.|st|nd|rd|th)?[ -]?" ~ month ~ "\\.?[ ,-]{0,2}(\\d{4}|\\d{2})" ~ clock ~ "$" -%}
    {%- set month_first = "(?i)^" ~ month ~ "\\.?[ -]?(\\d{1,2})(?:\\.|st|nd|rd|th)?,?[ -](\\d{4})" ~ clock ~ "$" -%}
    {%- set found -%}
        case
            when regexp_matches(spaced, '{{ day_first }}')
                then regexp_extract(spaced, '{{ day_first }}', ['day', 'month', 'year', 'between', 'time'])
            when regexp_matches(spaced, '{{ month_first }}')
                then regexp_extract(spaced, '{{ month_first }}', ['month', 'day', 'year', 'between', 'time'])
        end
    {%- endset -%}
    list_transform([{{ spaced }}], lambda spaced:     coalesce(
        list_transform([{{ found }}], lambda found: nullif(concat_ws(' ',
            case when length(found['year']) = 4 then '' when found['year'] >= '69' then '19' else '20' end
            || found['year'] || '-'
            || map {
                'jan': 1, 'jän': 1, 'feb': 2, 'mar': 3, 'mär': 3, 'mae': 3, 'mrz': 3, 'apr': 4, 'mai': 5, 'may': 5, 'jun': 6,
                'jul': 7, 'aug': 8, 'sep': 9, 'okt': 10, 'oct': 10, 'nov': 11, 'dez': 12, 'dec': 12
            }[left(lower(found['month']), 3)]
            || '-' || found['day'],
            nullif(found['time'], '')
        ), ''))[1],
        regexp_replace(spaced, '(?i)(\d)(?:,|,? (?:um|at)) ?(\d{1,2}:\d{2})', '\1 \2')
    ))[1]
{%- endmacro %}


{# A date whose month is a figure. #}
{% macro parse_date_in_figures(column, format) -%}
    {%- set plain = "replace(trim(" ~ column ~ "), '. ', '.')" -%}
    {%- set day = "translate(regexp_extract(" ~ plain ~ ", '^[^ T]+'), '-/', '..')" -%}
    {%- set time = "([ T]+\\d{1,2}:\\d{2}.*)?" -%}
    {%- set dmy = "try_strptime(" ~ day ~ ", ['%d.%m.%y', '%d.%m.%Y'])" -%}
    {%- set mdy = "try_strptime(" ~ day ~ ", ['%m.%d.%y', '%m.%d.%Y'])" -%}
    {%- set ddmm = "try_strptime(" ~ day ~ ", '%d%m%Y')" -%}
    {%- set mmdd = "try_strptime(" ~ day ~ ", '%m%d%Y')" -%}
    cast(
        case
            when regexp_full_match({{ plain }}, '\d{4}[-./]\d{1,2}[-./]\d{1,2}{{ time }}')
                then try_strptime({{ day }}, '%Y.%m.%d')
            when regexp_full_match({{ plain }}, '\d{1,2}[-./]\d{1,2}[-./](\d{2}|\d{4}){{ time }}')
                then case {{ format }}
                    when 'mdy' then case when regexp_matches({{ plain }}, '^\d{1,2}\.(0?[1-9]|1[0-2])\.') then {{ dmy }} else {{ mdy }} end
                    when 'ymd' then try_strptime({{ day }}, '%y.%m.%d')
                    when 'mixed' then case when coalesce({{ dmy }} = {{ mdy }}, true) then coalesce({{ dmy }}, {{ mdy }}) end
                    else {{ dmy }}
                end
            when regexp_full_match({{ plain }}, '\d{8}{{ time }}')
                then case
                    when regexp_full_match({{ day }}, '(19|20)\d{2}(0[1-9]|1[0-2])\d{2}') then try_strptime({{ day }}, '%Y%m%d')
                    when {{ format }} = 'mdy' then {{ mmdd }}
                    when {{ format }} = 'dmy' then {{ ddmm }}
                    when {{ format }} = 'mixed' and coalesce({{ ddmm }} = {{ mmdd }}, true) then coalesce({{ ddmm }}, {{ mmdd }})
                end
            when regexp_full_match({{ plain }}, '\d{5}([.,]\d+)?')
                then date '1899-12-30' + to_days(try_cast(left({{ plain }}, 5) as integer))
            when regexp_full_match({{ plain }}, '1\d{9}(\d{3})?(\.\d+)?') then {{ parse_epoch(plain, as_day=true) }}
        end as date
    )
{%- endmacro %}


{# Seconds or milliseconds since 1970 -> timestamp in UTC, or the day of it in the company's time zone.
   Midnight in UTC is that day anywhere: programs that know no bare dates keep them so (HubSpot). #}
{% macro parse_epoch(text, as_day=false) -%}
    {%- set at -%}
        make_timestamp(cast(round(try_cast({{ text }} as double) * if({{ text }} ~ '^\d{10}(\D.*)?', 1000000, 1000)) as bigint))
    {%- endset -%}
    {%- if as_day -%}
    if(
        {{ at }} = date_trunc('day', {{ at }}), {{ at }},
        timezone('{{ env_var('REIFEGRAD_TIMEZONE', 'Europe/Berlin') }}', timezone('UTC', {{ at }}))
    )
    {%- else -%}
    {{ at }}
    {%- endif -%}
{%- endmacro %}


{# As a date, with a time of day; "Z" or an offset is honoured, else it is the company's local
   time (REIFEGRAD_TIMEZONE) -> timestamp in UTC. A bare day stays that day, at 00:00. #}
{% macro parse_timestamp(column, format=none, timezone=none) -%}
    {%- set format = format or "formats['" ~ column ~ "']" -%}
    {%- set timezone = timezone or env_var('REIFEGRAD_TIMEZONE', 'Europe/Berlin') -%}
    case
        when {{ is_date_in_words(column) }} then list_transform([{{ date_in_figures(column) }}], lambda figures: {{ parse_timestamp_in_figures('figures', format, timezone) }})[1]
        else {{ parse_timestamp_in_figures(column, format, timezone) }}
    end
{%- endmacro %}


{# A day and time whose month is a figure. #}
{% macro parse_timestamp_in_figures(column, format, timezone) -%}
    {%- set plain = "trim(" ~ column ~ ")" -%}
    {%- set time = "regexp_extract(" ~ plain ~ ", '[ T]+(\\d{1,2}:\\d{2}.*?)( ?Uhr)?$', 1)" -%}
    case
        when regexp_matches({{ plain }}, '\d:\d{2}(\.\d+)? ?(Z|[-+]\d{2}(:?\d{2})?)$')
            then timezone('UTC', try_cast({{ plain }} as timestamp with time zone))
        when regexp_full_match({{ plain }}, '\d{5}[.,]\d+')
            then timezone('UTC', timezone('{{ timezone }}', timestamp '1899-12-30' + to_seconds(cast(round(try_cast(replace({{ plain }}, ',', '.') as double) * 86400) as bigint))))
        when regexp_full_match({{ plain }}, '1\d{9}(\d{3})?(\.\d+)?') then {{ parse_epoch(plain) }}
        when {{ time }} = '' then cast({{ parse_date_in_figures(column, format) }} as timestamp)
        else timezone('UTC', timezone('{{ timezone }}', {{ parse_date_in_figures(column, format) }} + cast(
            try_strptime({{ time }}, ['%H:%M:%S', '%H:%M', '%H:%M:%S.%f', '%I:%M %p', '%I:%M:%S %p']) as time
        )))
    end
{%- endmacro %}


{% macro parse_boolean(column) -%}
    case
        when lower(trim({{ column }})) in ('ja', 'j', 'yes', 'y', 'wahr', 'true', 't', 'x', '✓', '✔', '1', '1.0', 'aktiv', 'active', 'on') then true
        when lower(trim({{ column }})) in ('nein', 'n', 'no', 'falsch', 'false', 'f', '0', '0.0', 'inaktiv', 'inactive', 'off', '-') then false
    end
{%- endmacro %}


{# The names of the columns that hold text which the macros above cannot read. #}
{% macro unparsed(numbers=[], dates=[], timestamps=[], booleans=[]) -%}
    list_distinct([
        {%- for columns, parse in [(numbers, parse_number), (dates, parse_date), (timestamps, parse_timestamp), (booleans, parse_boolean)] %}
        {%- for column in columns %}
        case when trim({{ column }}) != '' and {{ parse(column) }} is null then '{{ column }}' end,
        {%- endfor %}
        {%- endfor %}
        cast(null as varchar)
    ])
{%- endmacro %}
