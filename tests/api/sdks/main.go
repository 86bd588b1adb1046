// StartSyncExecution and TestState: sdks ENDPOINT NAME
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
)

func main() {
	client := sfn.New(sfn.Options{
		Region:           "us-east-1",
		BaseEndpoint:     aws.String(os.Args[1]),
		Credentials:      credentials.NewStaticCredentialsProvider("any", "any", ""),
		RetryMaxAttempts: 1,
	})
	ctx := context.Background()
	role, input := aws.String("arn:aws:iam::123456789012:role/any"), aws.String(`{"n": 1}`)
	machine, err := client.CreateStateMachine(ctx, &sfn.CreateStateMachineInput{
		Name:       aws.String(os.Args[2]),
		RoleArn:    role,
		Type:       types.StateMachineTypeExpress,
		Definition: aws.String(`{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}}`),
	})
	if err != nil {
		log.Fatal(err)
	}
	run, err := client.StartSyncExecution(ctx, &sfn.StartSyncExecutionInput{
		StateMachineArn: machine.StateMachineArn,
		Input:           input,
	})
	if err != nil {
		log.Fatal(err)
	}
	tried, err := client.TestState(ctx, &sfn.TestStateInput{
		Definition: aws.String(`{"Type": "Pass", "End": true}`),
		RoleArn:    role,
		Input:      input,
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(run.Status, *run.Output, tried.Status, *tried.Output)
}
