//! One session of the official Rust SDK's client, to be recorded: reads what to start and do from stdin, as
//! `tests/fixture/recordings/client.mjs` does. `rmcp_session auto|legacy` says how the session is opened.
#![expect(deprecated, reason = "what a revision deprecates is still spoken, and so recorded")]

use std::error::Error;
use std::io::{self, Read, Write};
use std::time::Duration;

use rmcp::ClientHandler;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, ClientConfig, ClientRequest,
    CreateMessageRequestParams, CreateMessageResult, ElicitRequestParams, ElicitResult, ErrorData,
    ListRootsResult, ProtocolVersion,
};
use rmcp::service::{
    ClientLifecycleMode, ClientServiceExt, Peer, PeerRequestOptions, RequestContext, RoleClient,
    RunningService,
};
use rmcp::transport::TokioChildProcess;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::time::sleep;

type Outcome = Result<(), Box<dyn Error>>;

fn main() -> Outcome {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(session())
}

async fn session() -> Outcome {
    let mut text = String::new();
    io::stdin().read_to_string(&mut text)?;
    let spec: Value = serde_json::from_str(&text)?;
    let lifecycle = match std::env::args().nth(1).as_deref() {
        Some("legacy") => ClientLifecycleMode::Initialize,
        _ => ClientLifecycleMode::Auto {
            preferred_versions: vec![ProtocolVersion::V_2026_07_28],
            legacy_version: None,
        },
    };
    let transport = TokioChildProcess::new(command(&spec))?;
    let service = Recorder.serve_with_lifecycle(transport, lifecycle).await?;
    for step in spec["steps"].as_array().into_iter().flatten() {
        // A step that fails is part of the recording.
        if let Err(error) = take(&service, &step[0], &step[1], &step[2]).await {
            let _ = writeln!(io::stderr(), "{step}: {error}");
        }
    }
    service.cancel().await?;
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "a test's program, not part of hushpipe")]
fn command(spec: &Value) -> tokio::process::Command {
    let mut command = tokio::process::Command::new(spec["command"].as_str().unwrap_or_default());
    command.args(spec["args"].as_array().into_iter().flatten().filter_map(Value::as_str));
    command
}

async fn take(
    service: &RunningService<RoleClient, Recorder>,
    method: &Value,
    params: &Value,
    manner: &Value,
) -> Outcome {
    match (method.as_str().unwrap_or_default(), manner.as_str().unwrap_or_default()) {
        ("tools/call", "task") => task(service, params).await,
        ("tools/call", "cancel") => {
            let request = request(method, params)?;
            let options = PeerRequestOptions::no_options();
            let handle = service.send_cancellable_request(request, options).await?;
            sleep(Duration::from_millis(200)).await;
            handle.cancel(Some("the user has changed their mind".to_owned())).await?;
            Ok(())
        }
        ("tools/call", _) => {
            service.call_tool(serde_json::from_value(params.clone())?).await?;
            Ok(())
        }
        ("subscriptions/listen", _) => {
            let mut events = service.listen(serde_json::from_value(params.clone())?).await?;
            service.call_tool(CallToolRequestParams::new("change")).await?;
            events.next().await?;
            events.cancel().await?;
            Ok(())
        }
        ("notifications/roots/list_changed", _) => Ok(service.notify_roots_list_changed().await?),
        ("wait", _) => {
            sleep(Duration::from_millis(params["ms"].as_u64().unwrap_or(0))).await;
            Ok(())
        }
        _ => {
            service.send_request(request(method, params)?).await?;
            Ok(())
        }
    }
}

fn request(method: &Value, params: &Value) -> serde_json::Result<ClientRequest> {
    serde_json::from_value(json!({"method": method, "params": params}))
}

/// Calls a tool that becomes a task, gives what it asks for, and fetches what it comes to; then starts another and gives up.
async fn task(service: &Peer<RoleClient>, params: &Value) -> Outcome {
    for finish in [true, false] {
        let called = service.call_tool_once(serde_json::from_value(params.clone())?).await?;
        let CallToolResponse::Task(created) = called else {
            return Err("it became no task".into());
        };
        let id = json!({"taskId": created.task.task_id});
        if !finish {
            return Ok(service.cancel_task(serde_json::from_value(id)?).await?);
        }
        service.get_task(serde_json::from_value(id.clone())?).await?;
        service.get_task(serde_json::from_value(id.clone())?).await?;
        let given = json!({"who": {"action": "accept", "content": {"name": "Ada"}}});
        let update = json!({"taskId": id["taskId"], "inputResponses": given});
        service.update_task(serde_json::from_value(update)?).await?;
        service.get_task(serde_json::from_value(id)?).await?;
    }
    Ok(())
}

/// Answers what a server asks for with the same few words every time.
struct Recorder;

impl ClientHandler for Recorder {
    fn get_info(&self) -> ClientConfig {
        let capabilities = json!({
            "roots": {"listChanged": true},
            "sampling": {},
            "elicitation": {"form": {}, "url": {}},
            "extensions": {"io.modelcontextprotocol/tasks": {}},
        });
        let info = json!({"name": "hushpipe-recorder", "version": "1.0.0"});
        let config = json!({"protocolVersion": "2025-11-25", "capabilities": capabilities, "clientInfo": info});
        serde_json::from_value(config).unwrap_or_default()
    }

    async fn create_message(
        &self,
        _params: CreateMessageRequestParams,
        _context: RequestContext<RoleClient>,
    ) -> Result<CreateMessageResult, ErrorData> {
        let content = json!({"type": "text", "text": "Four."});
        answer(
            json!({"role": "assistant", "content": content, "model": "no-model", "stopReason": "endTurn"}),
        )
    }

    async fn list_roots(
        &self,
        _context: RequestContext<RoleClient>,
    ) -> Result<ListRootsResult, ErrorData> {
        answer(json!({"roots": [{"uri": "file:///tmp/hushpipe-recording/work", "name": "work"}]}))
    }

    async fn create_elicitation(
        &self,
        request: ElicitRequestParams,
        _context: RequestContext<RoleClient>,
    ) -> Result<ElicitResult, ErrorData> {
        match request {
            ElicitRequestParams::FormElicitationParams { .. } => {
                answer(json!({"action": "accept", "content": {"name": "Ada"}}))
            }
            _ => answer(json!({"action": "accept"})),
        }
    }
}

fn answer<T: DeserializeOwned>(result: Value) -> Result<T, ErrorData> {
    serde_json::from_value(result)
        .map_err(|error| ErrorData::internal_error(error.to_string(), None))
}
