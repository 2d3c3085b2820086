"""The order of the night, once, for the command line and for Airflow."""
