"""Commands that run something or change this machine: proxy, gateway, behaviours, lab CA, doctor, reproduce."""
