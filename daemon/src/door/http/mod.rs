//! HTTP: the desk for agents, scripts and other systems.
