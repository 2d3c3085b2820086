"""Airflow, MLflow and the demo CRM as processes of one machine: started, asked, followed, ended."""
