"""The CloudFront side: the two edge functions, the CloudFormation template and its bootstrap."""
