-- Runs once, when PostgreSQL's volume is new. Airflow's own database is made by the image.
create database mlflow;
