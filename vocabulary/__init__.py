"""Words and names that several rooms know: each kept in one place, `words.yml`, and read as text.

At the bottom: it knows no other room but `config`. What dbt needs of it is made by
`python -m vocabulary.seeds`.
"""
