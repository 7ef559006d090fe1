"""Reports: results become plain rows and phrases once (`summary`), and each format renders those."""
