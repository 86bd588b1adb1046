"""``batch:submitJob.sync`` and ``ecs:runTask.sync`` as Jobs of the cluster, where a Connection says which TaskTemplate stands for a
job definition or a task definition.

``batch`` and ``ecs`` make a Job from the template and from what the task says, and describe it as the service would; ``containers``
is what both do to containers; ``plans`` decides for a task. Everything but the plans is pure. Requests and descriptions are in
botocore's spelling.
"""
