// Package web is being built.
package web
