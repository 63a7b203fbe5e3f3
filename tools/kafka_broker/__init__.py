"""What tools/kafka is made of: a broker from Maven's artefacts and a small client that shares no code with ours."""
