# Three nodes on three machines:
#   nomad job run -var 'seeds=["10.0.0.1:4000","10.0.0.2:4000","10.0.0.3:4000"]' docker/nomad/fastpaca.nomad.hcl
# Each client needs a host volume `fastpaca`, and the Nomad variable nomad/jobs/fastpaca the items cluster_secret
# and api_key.

variable "seeds" {
  type        = list(string)
  description = "host:port of the machines that have the volume"
}

# Not from service discovery: its list is empty for the node that starts first, and a node without seeds forms
# a cluster of its own.
job "fastpaca" {
  type = "service"

  update {
    max_parallel     = 1
    health_check     = "checks"
    min_healthy_time = "15s"
    healthy_deadline = "5m"
  }

  group "nodes" {
    count = 3

    # Two nodes on one machine are one failure.
    constraint {
      operator = "distinct_hosts"
      value    = "true"
    }

    network {
      # Peers dial the port that a node listens on, so it is the same inside and outside.
      mode = "host"
      port "http" {
        static = 4000
      }
    }

    volume "data" {
      type   = "host"
      source = "fastpaca"
    }

    service {
      name     = "fastpaca"
      port     = "http"
      provider = "nomad"

      check {
        type     = "http"
        path     = "/health/ready"
        interval = "10s"
        timeout  = "3s"
      }
    }

    # Beyond the 20 seconds after which the server cuts what is still busy.
    shutdown_delay = "5s"

    task "server" {
      driver       = "docker"
      kill_signal  = "SIGTERM"
      kill_timeout = "30s"

      config {
        image        = "fastpaca/context-store:0.1.0"
        network_mode = "host"
        ports        = ["http"]
      }

      volume_mount {
        volume      = "data"
        destination = "/data"
      }

      env {
        PORT                  = "4000"
        FASTPACA_NODE_NAME    = "${node.unique.name}"
        FASTPACA_CLUSTER_SEED = join(",", var.seeds)
        FASTPACA_CLUSTER_SIZE = "3"
      }

      template {
        destination = "secrets/fastpaca.env"
        env         = true
        change_mode = "noop"
        data        = <<-EOT
          {{ with nomadVar "nomad/jobs/fastpaca" }}
          FASTPACA_CLUSTER_SECRET={{ .cluster_secret }}
          FASTPACA_API_KEY={{ .api_key }}
          {{ end }}
        EOT
      }

      resources {
        cpu    = 1000
        memory = 1024
      }
    }
  }
}
